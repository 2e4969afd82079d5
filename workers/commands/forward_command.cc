#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/softmax.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "schemas/json.h"
#include "workers/backbones/backbone.h"
#include "workers/checkpoints/model_file.h"
#include "workers/commands/class_names.h"
#include "workers/commands/commands.h"
#include "workers/commands/model_arguments.h"
#include "workers/commands/published_weights.h"
#include "workers/data/image.h"
#include "workers/data/loader.h"

namespace camsweep {
namespace {

struct ForwardArguments {
  std::string backbone;
  int side = 0;
  int classes = 1000;
  std::string head = "imagenet";
  std::string weights;
  std::string input;
  std::string class_names;
  std::string dataset;
  bool json = false;
};

ModelCard card_from_arguments(const ForwardArguments& arguments) {
  return published_card(
      find_backbone(arguments.backbone),
      {.classes = arguments.classes, .head = arguments.head == "paper" ? HeadKind::kPaper : HeadKind::kImagenet},
      arguments.side);
}

Model load_file(const ForwardArguments& arguments) {
  const TensorFile file = read_safetensors(arguments.weights);
  const std::optional<ModelCard> own = model_card(file, arguments.weights);
  if (own) require_backbone(*own, arguments.weights, arguments.backbone);
  const ModelCard card = own ? *own : card_from_arguments(arguments);
  Model model{.card = card, .backbone = make_backbone(card.variant, card.options)};
  load_weights(*model.backbone, file, arguments.weights, Strictness::kStrict);
  return model;
}

Model make_model(const ForwardArguments& arguments) {
  if (arguments.weights != "fixture" && arguments.weights != "random") return load_file(arguments);
  const ModelCard card = card_from_arguments(arguments);
  Model model{.card = card, .backbone = make_backbone(card.variant, card.options)};
  if (arguments.weights == "fixture") {
    fill_fixture(*model.backbone);
  } else {
    model.backbone->initialize(/*seed=*/0);
  }
  return model;
}

// (1, 3, S, S): the fixture's values, or a photograph warped to a square as the paper does.
at::Tensor make_input(const ForwardArguments& arguments, const ModelCard& card) {
  if (arguments.input == "fixture") return fixture_input(1, arguments.side);
  Normalization normalization;
  std::copy_n(card.mean.begin(), 3, normalization.mean.begin());
  std::copy_n(card.std.begin(), 3, normalization.std.begin());
  try {
    return to_input(read_image(arguments.input), arguments.side, normalization).unsqueeze(0);
  } catch (const ImageError& error) {
    throw ConfigError(error.what());
  }
}

// Mean and L2 norm are summed in double: the mean of a feature map cancels.
Json summary(const at::Tensor& values) {
  const at::Tensor exact = values.to(at::kDouble);
  return {{"mean", exact.mean().item<double>()}, {"l2", exact.norm().item<double>()}};
}

Json top5(const at::Tensor& logits, const std::vector<std::string>& names) {
  const at::Tensor probabilities = at::softmax(logits.to(at::kDouble), 0);
  const auto [values, classes] = probabilities.topk(std::min<int64_t>(5, logits.numel()));
  Json list = Json::array();
  for (int64_t i = 0; i < values.numel(); ++i) {
    const int64_t label = classes[i].item<int64_t>();
    const bool named = static_cast<size_t>(label) < names.size();
    list.push_back({{"class", label},
                    {"name", named ? names[static_cast<size_t>(label)] : ""},
                    {"probability", values[i].item<double>()}});
  }
  return list;
}

Json forward(const ForwardArguments& arguments) {
  const at::NoGradGuard no_grad;
  const Model model = make_model(arguments);
  model.backbone->to(at::kCPU, prefers_channels_last(model.card.variant));
  const std::vector<std::string> names =
      class_names({.file = arguments.class_names, .dataset = arguments.dataset, .model = model.card.class_names},
                  model.card.options.classes);
  const at::Tensor map = model.backbone->features(make_input(arguments, model.card), {});
  const at::Tensor logits = model.backbone->classify(map, {})[0];

  int64_t parameters = 0;
  for (const NamedTensor& entry : model.backbone->parameters()) parameters += entry.tensor.numel();
  Json result = {{"parameters", parameters},
                 {"state_entries", model.backbone->state().size()},
                 {"map", summary(map)},
                 {"logits", summary(logits)},
                 {"top5", top5(logits, names)}};
  result["map"]["shape"] = map.sizes().vec();
  const at::Tensor plain = logits.contiguous();
  result["logits"]["values"] =
      std::vector<float>(plain.const_data_ptr<float>(), plain.const_data_ptr<float>() + plain.numel());
  return result;
}

void print_summary(const Json& result) {
  fmt::print("parameters  {}\nstate       {} entries\n", result["parameters"].get<int64_t>(),
             result["state_entries"].get<int64_t>());
  fmt::print("map         {} mean {:.7e} L2 {:.7e}\n", result["map"]["shape"].dump(),
             result["map"]["mean"].get<double>(), result["map"]["l2"].get<double>());
  fmt::print("logits      {} mean {:.7e} L2 {:.7e}\n", result["logits"]["values"].size(),
             result["logits"]["mean"].get<double>(), result["logits"]["l2"].get<double>());
  for (const Json& entry : result["top5"]) {
    const auto name = entry["name"].get<std::string>();
    fmt::print("{:>6.2f} %    {}{}{}\n", 100 * entry["probability"].get<double>(), entry["class"].get<int64_t>(),
               name.empty() ? "" : "  ", name);
  }
}

}  // namespace

void add_forward_command(CLI::App& app, WorkerCommandLine&) {
  CLI::App* command = app.add_subcommand("forward", "Compute a network's feature map and logits for one image.");
  const auto arguments = std::make_shared<ForwardArguments>();
  command->add_option("--backbone", arguments->backbone, "a name that `camsweep backbones` lists")->required();
  command->add_option("--size", arguments->side, "side of the square input, px")
      ->required()
      ->check(CLI::Range(32, 4096));
  command->add_option("--classes", arguments->classes, "number of classes; a file of ours knows its own")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--head", arguments->head, "classifier: as fine-tuned in CAM Back Again, or as pretrained")
      ->check(CLI::IsMember({"paper", "imagenet"}))
      ->capture_default_str();
  command->add_option("--weights", arguments->weights, "fixture, random, or a safetensors file")->required();
  command->add_option("--input", arguments->input, "fixture, or a JPEG or PNG file")->required();
  auto* names = command->add_option("--class-names", arguments->class_names, "text file, one name a line");
  command->add_option("--dataset", arguments->dataset, "the data set whose class names are shown")->excludes(names);
  command->add_flag("--json", arguments->json, "print all values as JSON");
  command->footer(
      "Examples:\n"
      "  camsweep forward --backbone resnet18 --size 224 --weights fixture --input fixture --json\n"
      "  camsweep forward --backbone resnet50 --size 224 --weights weights.safetensors --input bird.jpg --dataset "
      "/data/birds");
  command->callback([arguments] {
    const Json result = forward(*arguments);
    if (arguments->json) {
      fmt::print("{}\n", result.dump(2));
    } else {
      print_summary(result);
    }
  });
}

}  // namespace camsweep
