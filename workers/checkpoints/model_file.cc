#include "workers/checkpoints/model_file.h"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "schemas/error.h"

namespace camsweep {
namespace {

constexpr const char* kCardKey = "camsweep";

std::string shape_text(const at::Tensor& tensor) { return fmt::format("[{}]", fmt::join(tensor.sizes().vec(), ", ")); }

// [O, I] and [O, I, 1, 1] are the same weights: sources compute a pointwise layer either way.
bool same_weights(const at::Tensor& own, const at::Tensor& stored) {
  if (own.sizes() == stored.sizes()) return true;
  const bool pointwise = (own.dim() == 2 && stored.dim() == 4) || (own.dim() == 4 && stored.dim() == 2);
  return pointwise && own.numel() == stored.numel() && own.size(0) == stored.size(0) && own.size(1) == stored.size(1);
}

// The final norm and the classifier: what a fine-tuning may start afresh.
bool is_head(const std::string& name) {
  return name.starts_with("fc.") || name.starts_with("head.") || name.starts_with("norm.");
}

bool other_classes(const at::Tensor& own, const at::Tensor& stored) {
  return own.dim() == stored.dim() && own.size(0) != stored.size(0) && own.sizes().slice(1) == stored.sizes().slice(1);
}

// What a file of weights seems to be, for messages.
std::string looks_like(const TensorFile& file) {
  const auto has = [&](const char* name) { return file.find(name) != nullptr; };
  if (has("stages.0.blocks.0.large_kernel.lkb_reparam.weight")) return "a merged RepLKNet, which cannot be trained";
  if (has("stages.0.blocks.0.large_kernel.lkb_origin.conv.weight")) return "a RepLKNet";
  if (has("downsample_layers.0.0.weight")) return "a ConvNeXt";
  if (has("layer1.0.conv1.weight")) return "a ResNet";
  return "no network this tool knows by its tensors' names";
}

[[noreturn]] void refuse(const Backbone& backbone, const TensorFile& file, const std::string& file_name,
                         const std::string& reason) {
  throw ConfigError(fmt::format("{}: does not fit {}: {}; the file seems to hold {}", file_name,
                                backbone.variant().name, reason, looks_like(file)));
}

Json card_to_json(const ModelCard& card) {
  return {{"variant", to_json(card.variant)},
          {"classes", card.options.classes},
          {"head", card.options.head == HeadKind::kPaper ? "paper" : "imagenet"},
          {"pool", card.options.pool == Pool::kGap ? "gap" : "gmp"},
          {"drop_path", card.options.drop_path},
          {"resolution", card.resolution},
          {"mean", card.mean},
          {"std", card.std},
          {"class_names", card.class_names},
          {"epoch", card.epoch}};
}

ModelCard card_from_json(const Json& json) {
  ModelCard card{.variant = variant_from_json(json.at("variant")), .options = {}, .class_names = {}};
  card.options.classes = json.at("classes").get<int>();
  card.options.head = json.at("head") == "paper" ? HeadKind::kPaper : HeadKind::kImagenet;
  card.options.pool = json.at("pool") == "gap" ? Pool::kGap : Pool::kGmp;
  card.options.drop_path = json.at("drop_path").get<double>();
  card.resolution = json.at("resolution").get<int>();
  card.mean = json.at("mean").get<std::vector<double>>();
  card.std = json.at("std").get<std::vector<double>>();
  card.class_names = json.at("class_names").get<std::vector<std::string>>();
  card.epoch = json.at("epoch").get<int>();
  return card;
}

}  // namespace

std::optional<ModelCard> model_card(const TensorFile& file, const std::string& file_name) {
  const auto text = file.metadata.find(kCardKey);
  if (text == file.metadata.end()) return std::nullopt;
  try {
    ModelCard card = card_from_json(Json::parse(text->second));
    if (card.resolution < 1 || card.mean.size() != 3 || card.std.size() != 3) {
      throw ConfigError("resolution, mean and std are needed, the last two with 3 numbers");
    }
    return card;
  } catch (const Json::exception& error) {
    throw ConfigError(fmt::format("{}: its description of the network is damaged: {}", file_name, error.what()));
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("{}: its description of the network is damaged: {}", file_name, error.what()));
  }
}

std::string write_model(const std::filesystem::path& file, const Backbone& backbone, const ModelCard& card) {
  TensorFile content;
  content.metadata[kCardKey] = card_to_json(card).dump();
  for (const NamedTensor& entry : backbone.state()) content.tensors.emplace_back(entry.name, entry.tensor);
  return write_safetensors(file, content, Sync::kYes);
}

Model read_model(const std::filesystem::path& file) {
  const TensorFile content = read_safetensors(file);
  const std::optional<ModelCard> card = model_card(content, file.string());
  if (!card) {
    throw ConfigError(
        fmt::format("{}: was not written by camsweep, so it does not say which network it holds", file.string()));
  }
  Model model{.card = *card, .backbone = make_backbone(card->variant, card->options)};
  load_weights(*model.backbone, content, file.string(), Strictness::kStrict);
  return model;
}

LoadReport load_weights(Backbone& backbone, const TensorFile& file, const std::string& file_name,
                        Strictness strictness) {
  const at::NoGradGuard no_grad;
  const bool finetune = strictness == Strictness::kFinetune;
  const std::vector<NamedTensor> state = backbone.state();
  std::set<std::string> known;
  for (const NamedTensor& entry : state) known.insert(entry.name);
  // The paper's ConvNeXt has no final norm: a classifier that was trained behind one means nothing to it.
  const bool foreign_head = finetune && file.find("norm.weight") && !known.contains("norm.weight");

  LoadReport report;
  std::vector<std::pair<at::Tensor, at::Tensor>> copies;  // done only when everything fits
  for (const auto& [name, own] : state) {
    const at::Tensor* stored = file.find(name);
    if (!stored) {
      if (name.ends_with("num_batches_tracked")) continue;
      if (!finetune || !is_head(name)) refuse(backbone, file, file_name, "it lacks '" + name + "'");
      report.left_fresh.push_back(name);
    } else if (finetune && is_head(name) && (foreign_head || other_classes(own, *stored))) {
      report.skipped.push_back(name);
      report.left_fresh.push_back(name);
    } else if (!same_weights(own, *stored)) {
      refuse(backbone, file, file_name,
             fmt::format("'{}' is {} where {} is needed", name, shape_text(*stored), shape_text(own)));
    } else {
      copies.emplace_back(own, stored->view(own.sizes()));
    }
  }
  for (const auto& [name, tensor] : file.tensors) {
    if (known.contains(name)) continue;
    if (!finetune) refuse(backbone, file, file_name, "it holds '" + name + "', which the network has not");
    report.skipped.push_back(name);
  }
  for (auto& [own, stored] : copies) own.copy_(stored);
  return report;
}

}  // namespace camsweep
