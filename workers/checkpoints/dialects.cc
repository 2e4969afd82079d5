#include "workers/checkpoints/dialects.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "schemas/error.h"
#include "schemas/text.h"
#include "workers/checkpoints/name_pattern.h"

namespace camsweep {
namespace {

using Rules = std::vector<NameRule>;

const Rules kConvNextTimm = {
    {"downsample_layers.0.0.*", "stem.0.*"},
    {"downsample_layers.0.1.*", "stem.1.*"},
    {"downsample_layers.#.#.*", "stages.#.downsample.#.*"},
    {"stages.#.#.gamma", "stages.#.blocks.#.gamma"},
    {"stages.#.#.dwconv.*", "stages.#.blocks.#.conv_dw.*"},
    {"stages.#.#.norm.*", "stages.#.blocks.#.norm.*"},
    {"stages.#.#.pwconv1.*", "stages.#.blocks.#.mlp.fc1.*"},
    {"stages.#.#.pwconv2.*", "stages.#.blocks.#.mlp.fc2.*"},
    {"head.*", "head.fc.*"},
};

// torchvision counts stem, stages and what lies between them through: 0, 1, .., 7.
const Rules kConvNextTorchvision = {
    {"downsample_layers.0.#.*", "features.0.#.*"},
    {"downsample_layers.1.#.*", "features.2.#.*"},
    {"downsample_layers.2.#.*", "features.4.#.*"},
    {"downsample_layers.3.#.*", "features.6.#.*"},
    {"stages.0.#.gamma", "features.1.#.layer_scale"},
    {"stages.1.#.gamma", "features.3.#.layer_scale"},
    {"stages.2.#.gamma", "features.5.#.layer_scale"},
    {"stages.3.#.gamma", "features.7.#.layer_scale"},
    {"stages.0.#.dwconv.*", "features.1.#.block.0.*"},
    {"stages.1.#.dwconv.*", "features.3.#.block.0.*"},
    {"stages.2.#.dwconv.*", "features.5.#.block.0.*"},
    {"stages.3.#.dwconv.*", "features.7.#.block.0.*"},
    {"stages.0.#.norm.*", "features.1.#.block.2.*"},
    {"stages.1.#.norm.*", "features.3.#.block.2.*"},
    {"stages.2.#.norm.*", "features.5.#.block.2.*"},
    {"stages.3.#.norm.*", "features.7.#.block.2.*"},
    {"stages.0.#.pwconv1.*", "features.1.#.block.3.*"},
    {"stages.1.#.pwconv1.*", "features.3.#.block.3.*"},
    {"stages.2.#.pwconv1.*", "features.5.#.block.3.*"},
    {"stages.3.#.pwconv1.*", "features.7.#.block.3.*"},
    {"stages.0.#.pwconv2.*", "features.1.#.block.5.*"},
    {"stages.1.#.pwconv2.*", "features.3.#.block.5.*"},
    {"stages.2.#.pwconv2.*", "features.5.#.block.5.*"},
    {"stages.3.#.pwconv2.*", "features.7.#.block.5.*"},
    {"norm.*", "classifier.0.*"},
    {"head.*", "classifier.2.*"},
};

// A torch.nn.Sequential of timm's stem and stages, and a classifier of its own behind a pooling.
const Rules kConvNextCamBackAgain = {
    {"downsample_layers.0.0.*", "0.0.0.*"},
    {"downsample_layers.0.1.*", "0.0.1.*"},
    {"downsample_layers.#.#.*", "0.1.#.downsample.#.*"},
    {"stages.#.#.gamma", "0.1.#.blocks.#.gamma"},
    {"stages.#.#.dwconv.*", "0.1.#.blocks.#.conv_dw.*"},
    {"stages.#.#.norm.*", "0.1.#.blocks.#.norm.*"},
    {"stages.#.#.pwconv1.*", "0.1.#.blocks.#.mlp.fc1.*"},
    {"stages.#.#.pwconv2.*", "0.1.#.blocks.#.mlp.fc2.*"},
    {"head.*", "1.fc.*"},
};

Rules with(Rules rules, const NameRule& more) {
  rules.push_back(more);
  return rules;
}

const Rules kRepLkNetMmpretrain = {
    {"norm.*", "backbone.stages.3.norm.*"},
    {"head.*", "head.fc.*"},
    {"*", "backbone.*"},
};

// The parts of a dense layer were called `norm.1`, `conv.2` before dots in module names were forbidden.
const Rules kDenseNetDots = {
    {"features.denseblock#.denselayer#.norm#.*", "features.denseblock#.denselayer#.norm.#.*"},
    {"features.denseblock#.denselayer#.conv#.*", "features.denseblock#.denselayer#.conv.#.*"},
    {"*", "*"},
};

const Rules kSlakDecom = {
    {"stages.#.#.large_kernel.LoRA1.*", "stages.#.#.large_kernel.Decom1.*"},
    {"stages.#.#.large_kernel.LoRA2.*", "stages.#.#.large_kernel.Decom2.*"},
    {"*", "*"},
};

// Of one family the native dialect comes first; more specific probes come before those that they include.
const std::vector<Dialect>& dialects() {
  static const std::vector<Dialect> list = {
      {.family = "convnext",
       .name = "official",
       .probes = {"downsample_layers.0.0.weight", "stages.0.0.dwconv.weight"}},
      {.family = "convnext",
       .name = "timm",
       .probes = {"stem.0.weight", "stages.0.blocks.0.conv_dw.weight", "norm_pre.weight"},
       .rules = with(kConvNextTimm, {"norm.*", "norm_pre.*"}),
       .norm = "map"},
      {.family = "convnext",
       .name = "timm",
       .probes = {"stem.0.weight", "stages.0.blocks.0.conv_dw.weight"},
       .rules = with(kConvNextTimm, {"norm.*", "head.norm.*"}),
       .norm = "pooled"},
      {.family = "convnext",
       .name = "torchvision",
       .probes = {"features.0.0.weight", "features.1.0.block.0.weight"},
       .rules = kConvNextTorchvision,
       .norm = "pooled"},
      {.family = "convnext",
       .name = "CAM-Back-Again",
       .probes = {"0.0.0.weight", "0.1.0.blocks.0.conv_dw.weight"},
       .rules = kConvNextCamBackAgain,
       .writable = false},
      {.family = "replknet",
       .name = "official",
       .probes = {"stem.0.conv.weight", "stages.0.blocks.0.prelkb_bn.weight"}},
      {.family = "replknet",
       .name = "mmpretrain",
       .probes = {"backbone.stem.0.conv.weight", "backbone.stages.0.blocks.0.prelkb_bn.weight"},
       .rules = kRepLkNetMmpretrain,
       .writable = false},
      {.family = "slak",
       .name = "official",
       .probes = {"downsample_layers.0.0.weight", "stages.0.0.large_kernel.LoRA1.conv.weight"}},
      {.family = "slak",
       .name = "official Decom",
       .probes = {"downsample_layers.0.0.weight", "stages.0.0.large_kernel.Decom1.conv.weight"},
       .rules = kSlakDecom,
       .writable = false},
      {.family = "slak",
       .name = "undecomposed",
       .probes = {"downsample_layers.0.0.weight", "stages.0.0.large_kernel.lkb_origin.conv.weight"},
       .writable = false},
      {.family = "hornet",
       .name = "official",
       .probes = {"downsample_layers.0.0.weight", "stages.0.0.gnconv.proj_in.weight"}},
      {.family = "resnet", .name = "torchvision", .also = "timm", .probes = {"conv1.weight", "layer1.0.conv1.weight"}},
      {.family = "densenet",
       .name = "torchvision",
       .also = "timm",
       .probes = {"features.conv0.weight", "features.denseblock1.denselayer1.conv1.weight"}},
      {.family = "densenet",
       .name = "old torchvision",
       .probes = {"features.conv0.weight", "features.denseblock1.denselayer1.conv.1.weight"},
       .rules = kDenseNetDots,
       .writable = false},
      {.family = "googlenet",
       .name = "torchvision",
       .probes = {"conv1.conv.weight", "inception3a.branch1.conv.weight"}},
      {.family = "inception", .name = "torchvision", .also = "timm", .probes = {"Conv2d_1a_3x3.conv.weight"}},
      {.family = "alexnet",
       .name = "torchvision",
       .probes = {"features.0.weight", "features.3.weight", "features.6.weight", "features.8.weight",
                  "features.10.weight"}},
      {.family = "vgg", .name = "torchvision", .probes = {"features.0.weight"}},
      {.family = "signal_cnn", .name = "camsweep", .probes = {"conv1.weight", "conv3.weight", "conv4.weight"}},
  };
  return list;
}

bool is_native(const Dialect& dialect, const BackboneVariant& variant) {
  return dialect.family == variant.family && dialect.rules.empty();
}

// The official ConvNeXt has no norm before pooling: under its names such a network would be taken for another one.
bool is_offered(const Dialect& dialect, const BackboneVariant& variant) {
  if (!dialect.writable || dialect.family != variant.family) return false;
  if (variant.norm == "map" && is_native(dialect, variant)) return false;
  return dialect.norm.empty() || dialect.norm == variant.norm;
}

}  // namespace

const Dialect* find_dialect(const std::vector<NamedStoredTensor>& tensors) {
  std::set<std::string_view> names;
  for (const NamedStoredTensor& entry : tensors) names.insert(entry.name);
  const auto found = std::ranges::find_if(dialects(), [&](const Dialect& dialect) {
    return std::ranges::all_of(dialect.probes, [&](const char* probe) { return names.contains(probe); });
  });
  return found == dialects().end() ? nullptr : &*found;
}

const Dialect& writable_dialect(const BackboneVariant& variant, std::string_view name) {
  std::vector<std::string> known;
  for (const Dialect& dialect : dialects()) {
    if (!is_offered(dialect, variant)) continue;
    if (dialect.name == name || (!dialect.also.empty() && dialect.also == name)) return dialect;
    known.push_back(dialect.name);
    if (!dialect.also.empty()) known.push_back(dialect.also);
  }
  throw ConfigError(fmt::format("{} has no {} names (it has: {})", variant.name, name, join(known)));
}

const Dialect& native_dialect(const BackboneVariant& variant) {
  const auto found =
      std::ranges::find_if(dialects(), [&](const Dialect& dialect) { return is_native(dialect, variant); });
  CAMSWEEP_CHECK(found != dialects().end(), "every family has native names");
  return *found;
}

std::string native_name(const Dialect& dialect, std::string_view theirs) {
  if (dialect.rules.empty()) return std::string(theirs);
  for (const NameRule& rule : dialect.rules) {
    if (const auto name = renamed(theirs, rule.theirs, rule.native)) return *name;
  }
  return "";
}

std::string name_in(const Dialect& dialect, std::string_view native) {
  if (dialect.rules.empty()) return std::string(native);
  for (const NameRule& rule : dialect.rules) {
    if (const auto name = renamed(native, rule.native, rule.theirs)) return *name;
  }
  return "";
}

std::vector<int64_t> shape_in(const Dialect& dialect, const BackboneVariant& variant, std::string_view native,
                              std::vector<int64_t> shape) {
  if (dialect.family != "convnext") return shape;
  const bool scale = matches(native, "stages.#.#.gamma");
  const bool pointwise = matches(native, "stages.#.#.pwconv#.weight");
  if (!scale && !pointwise) return shape;
  const size_t plain = scale ? 1 : 2;
  const bool as_map = scale ? dialect.name == "torchvision"
                            : variant.block == "conv" && (dialect.name == "timm" || variant.norm == "map");
  while (shape.size() > plain && shape.back() == 1) shape.pop_back();
  if (as_map && shape.size() == plain) shape.insert(shape.end(), 2, 1);
  return shape;
}

}  // namespace camsweep
