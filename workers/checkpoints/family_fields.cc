#include "workers/checkpoints/family_fields.h"

#include <fmt/format.h>

#include <limits>
#include <numeric>
#include <optional>

#include "schemas/error.h"

namespace camsweep {
namespace {

using Text = std::string;

constexpr int kStages = 4;

// `of(stage)` for each stage.
template <typename Of>
Json per_stage(Of of) {
  Json list = Json::array();
  for (int stage = 0; stage < kStages; ++stage) list.push_back(of(stage));
  return list;
}

// Channels follow from a ratio as int(C * ratio).
double ratio(int hidden, int channels) { return channels == 0 ? 0 : static_cast<double>(hidden) / channels; }

Json resnet_fields(const TensorShapes& shapes) {
  const auto key = [](int stage, const char* block) {
    return fmt::format("layer{}.{}.conv1.weight", stage + 1, block);
  };
  return {{"depths", per_stage([&](int stage) { return shapes.count(key(stage, "#")); })},
          {"widths", per_stage([&](int stage) { return shapes.size(key(stage, "0"), 0); })},
          {"block", shapes.has("layer1.0.conv3.weight") ? "bottleneck" : "basic"}};
}

Json densenet_fields(const TensorShapes& shapes) {
  const auto key = [](int stage) { return fmt::format("features.denseblock{}.denselayer#.conv2.weight", stage + 1); };
  return {{"depths", per_stage([&](int stage) { return shapes.count(key(stage), 1); })},
          {"widths", {shapes.size("features.conv0.weight", 0)}},
          {"growth", shapes.size("features.denseblock1.denselayer1.conv2.weight", 0)}};
}

// The groups of the convolution that a tail `cam` adds behind `channels` channels.
int groups(const TensorShapes& shapes, int channels) {
  const int in = shapes.size("conv6.weight", 1);
  return in == 0 ? 0 : channels / in;
}

struct ConvStage {
  std::vector<int> widths;  // of its convolutions
};

// The convolutions of `features.N`, cut where a pooling took a number: a convolution and what follows it, a batch norm
// and a ReLU, take one number each.
std::vector<ConvStage> vgg_stages(const TensorShapes& shapes, int numbers_per_layer) {
  constexpr int kMostNumbers = 10'000;
  std::vector<ConvStage> stages;
  for (int index = 0, next = -1; index < kMostNumbers; ++index) {
    const Text weight = fmt::format("features.{}.weight", index);
    if (shapes.rank(weight) != 4) {
      if (next >= 0 && index > next + 1) break;
      continue;
    }
    if (index != next) stages.emplace_back();
    stages.back().widths.push_back(shapes.size(weight, 0));
    next = index + numbers_per_layer;
  }
  return stages;
}

// A network of stride 8 has no pooling between its last two stages: they are two where the width changes, or of the
// same length.
void split_last_stage(std::vector<ConvStage>& stages) {
  std::vector<int>& widths = stages.back().widths;
  auto cut = std::ranges::adjacent_find(widths, std::ranges::not_equal_to());
  cut = cut == widths.end() ? widths.begin() + std::ssize(widths) / 2 : cut + 1;
  ConvStage last{.widths = {cut, widths.end()}};
  widths.erase(cut, widths.end());
  stages.push_back(last);
}

Json vgg_fields(const TensorShapes& shapes) {
  const bool batch_norm = shapes.has("features.1.running_mean");
  const bool cam = shapes.has("conv6.weight");
  std::vector<ConvStage> stages = vgg_stages(shapes, batch_norm ? 3 : 2);
  const bool unpooled = cam && stages.size() == 4;
  if (unpooled) split_last_stage(stages);
  Json fields = {{"depths", Json::array()},
                 {"widths", Json::array()},
                 {"norm", batch_norm ? "batch" : "none"},
                 {"tail", cam ? "cam" : "full"},
                 {"stride", !cam       ? 32
                            : unpooled ? 8
                                       : 16}};
  for (const ConvStage& stage : stages) {
    fields["depths"].push_back(stage.widths.size());
    fields["widths"].push_back(stage.widths.empty() ? 0 : stage.widths.back());
  }
  if (cam) fields["groups"] = stages.empty() ? 0 : groups(shapes, fields["widths"].back());
  return fields;
}

Json alexnet_fields(const TensorShapes& shapes) { return {{"tail", shapes.has("conv6.weight") ? "cam" : "full"}}; }

Json googlenet_fields(const TensorShapes& shapes) {
  constexpr int kChannels = 832;  // of the map before the tail `cam`
  if (shapes.has("conv6.weight")) return {{"tail", "cam"}, {"groups", groups(shapes, kChannels)}, {"auxiliary", 0}};
  return {{"tail", "full"}, {"auxiliary", shapes.has("aux1.fc2.weight") ? 1 : 0}};
}

Json inception_fields(const TensorShapes& shapes) {
  return {{"tail", shapes.has("SPG_A4.weight") ? "cam" : "full"},
          {"auxiliary", shapes.has("AuxLogits.fc.weight") ? 1 : 0}};
}

Text block_key(int stage, const char* block, const char* part) {
  return fmt::format("stages.{}.{}.{}", stage, block, part);
}

// What ConvNeXt and its descendants have in common; `depthwise` is the part whose first axis counts the channels.
Json convnext_like_fields(const TensorShapes& shapes, const char* depthwise) {
  constexpr int kLast = kStages - 1;
  return {{"depths", per_stage([&](int stage) { return shapes.count(block_key(stage, "#", depthwise)); })},
          {"widths", per_stage([&](int stage) { return shapes.size(block_key(stage, "0", "norm.weight"), 0); })},
          {"kernels", per_stage([&](int stage) { return shapes.size(block_key(stage, "0", depthwise), 2); })},
          {"ffn_ratio", ratio(shapes.size(block_key(kLast, "0", "pwconv1.weight"), 0),
                              shapes.size(block_key(kLast, "0", "pwconv1.weight"), 1))}};
}

Json convnext_fields(const TensorShapes& shapes) {
  Json fields = convnext_like_fields(shapes, "dwconv.weight");
  fields["block"] = shapes.rank("stages.0.0.pwconv1.weight") == 4 ? "conv" : "linear";
  return fields;
}

Json slak_fields(const TensorShapes& shapes) {
  Json fields = convnext_like_fields(shapes, "large_kernel.LoRA1.conv.weight");
  fields["small_kernel"] = shapes.size("stages.0.0.large_kernel.LoRA1.conv.weight", 3);
  return fields;
}

Json hornet_fields(const TensorShapes& shapes) {
  Json fields = convnext_like_fields(shapes, "gnconv.proj_in.weight");
  fields["widths"] = per_stage([&](int stage) { return shapes.size(block_key(stage, "0", "norm1.weight"), 0); });
  fields["kernels"] = per_stage([&](int stage) {
    constexpr int kUsual = 7;  // a global filter stands for it
    const Text dense = block_key(stage, "0", "gnconv.dwconv.weight");
    return shapes.has(dense) ? shapes.size(dense, 2) : kUsual;
  });
  const auto filter = [](int stage) { return block_key(stage, "0", "gnconv.dwconv.complex_weight"); };
  const bool filters = shapes.has(filter(kStages - 1));
  fields["block"] = filters ? "filter" : "conv";
  if (filters) fields["filters"] = {shapes.size(filter(kStages - 2), 1), shapes.size(filter(kStages - 1), 1)};
  return fields;
}

// Every second block has a large kernel, its name ends in `.prelkb_bn`; the others are the feed-forward parts.
Json replknet_fields(const TensorShapes& shapes) {
  const auto key = [](int stage, int block, const char* part) {
    return fmt::format("stages.{}.blocks.{}.{}", stage, block, part);
  };
  const auto depth = [&](int stage) {
    int pairs = 0;
    while (shapes.has(key(stage, 2 * pairs, "prelkb_bn.weight"))) ++pairs;
    return pairs;
  };
  const auto expansion = [&](int block) {
    const Text pointwise = key(kStages - 1, block, "pw1.conv.weight");
    return ratio(shapes.size(pointwise, 0), shapes.size(pointwise, 1));
  };
  const bool merged = shapes.has(key(0, 0, "large_kernel.lkb_reparam.weight"));
  const char* large = merged ? "large_kernel.lkb_reparam.weight" : "large_kernel.lkb_origin.conv.weight";
  Json fields = {{"depths", per_stage(depth)},
                 {"widths", per_stage([&](int stage) { return shapes.size(key(stage, 0, "prelkb_bn.weight"), 0); })},
                 {"kernels", per_stage([&](int stage) { return shapes.size(key(stage, 0, large), 2); })},
                 {"dw_ratio", expansion(0)},
                 {"ffn_ratio", expansion(1)}};
  if (!merged) fields["small_kernel"] = shapes.size(key(0, 0, "large_kernel.small_conv.conv.weight"), 2);
  return fields;
}

Json signal_cnn_fields(const TensorShapes& shapes) {
  const auto sizes = [&](size_t axis) {
    return per_stage([&](int i) { return shapes.size(fmt::format("conv{}.weight", i + 1), axis); });
  };
  return {{"widths", sizes(0)}, {"kernels", sizes(2)}};
}

}  // namespace

TensorShapes::TensorShapes(const std::vector<NamedStoredTensor>& tensors) {
  for (const NamedStoredTensor& entry : tensors) shapes_.emplace(entry.name, &entry.tensor.shape);
}

int TensorShapes::size(std::string_view name, size_t axis) const {
  const auto found = shapes_.find(name);
  if (found == shapes_.end() || axis >= found->second->size()) return 0;
  const int64_t size = (*found->second)[axis];
  return size > std::numeric_limits<int>::max() ? 0 : static_cast<int>(size);
}

int TensorShapes::rank(std::string_view name) const {
  const auto found = shapes_.find(name);
  return found == shapes_.end() ? 0 : static_cast<int>(found->second->size());
}

int TensorShapes::count(std::string_view pattern, int first) const {
  const size_t mark = pattern.find('#');
  int number = first;
  while (has(fmt::format("{}{}{}", pattern.substr(0, mark), number, pattern.substr(mark + 1)))) ++number;
  return number - first;
}

Json family_fields(const std::string& family, const TensorShapes& shapes) {
  if (family == "resnet") return resnet_fields(shapes);
  if (family == "densenet") return densenet_fields(shapes);
  if (family == "vgg") return vgg_fields(shapes);
  if (family == "alexnet") return alexnet_fields(shapes);
  if (family == "googlenet") return googlenet_fields(shapes);
  if (family == "inception") return inception_fields(shapes);
  if (family == "signal_cnn") return signal_cnn_fields(shapes);
  if (family == "convnext") return convnext_fields(shapes);
  if (family == "replknet") return replknet_fields(shapes);
  if (family == "slak") return slak_fields(shapes);
  CAMSWEEP_CHECK(family == "hornet", "every family tells its fields by shapes");
  return hornet_fields(shapes);
}

}  // namespace camsweep
