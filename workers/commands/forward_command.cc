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
#include "workers/commands/checkpoint_summary.h"
#include "workers/commands/class_names.h"
#include "workers/commands/commands.h"
#include "workers/commands/model_arguments.h"
#include "workers/data/image.h"
#include "workers/data/loader.h"

namespace camsweep {
namespace {

struct ForwardArguments {
  ModelRequest model;
  int side = 0;
  int classes = 0;   // 0: as many as the file has, 1000 without one
  std::string head;  // "": as the file has it, imagenet without one
  std::string form;  // "": as the file has it, train without one
  std::string input;
  std::string class_names;
  std::string dataset;
  bool json = false;
};

HeadKind head_kind(const ForwardArguments& arguments) {
  return arguments.head == "paper" ? HeadKind::kPaper : HeadKind::kImagenet;
}

// A network, and the file it was loaded from.
struct Loaded {
  Model model;
  std::optional<WeightsFile> file;
};

Loaded load_file(const ForwardArguments& arguments) {
  ModelRequest request = arguments.model;
  if (arguments.classes > 0) request.classes = arguments.classes;
  if (!arguments.head.empty()) request.head = head_kind(arguments);
  WeightsFile file = open_weights(request.weights, request.choice);
  Model model = build_model(file, request);
  return {std::move(model), std::move(file)};
}

Loaded make_model(const ForwardArguments& arguments) {
  const std::string& weights = arguments.model.weights;
  if (weights != "fixture" && weights != "random") return load_file(arguments);
  if (arguments.model.backbone.empty()) throw ConfigError(fmt::format("--weights {} needs --backbone", weights));
  const BackboneOptions options = {.classes = arguments.classes > 0 ? arguments.classes : 1000,
                                   .head = head_kind(arguments)};
  const ModelCard card = published_card(find_backbone(arguments.model.backbone), options);
  Model model{.card = card, .backbone = make_backbone(card.variant, card.options)};
  if (weights == "fixture") {
    fill_fixture(*model.backbone);
  } else {
    model.backbone->initialize(/*seed=*/0);
  }
  return {std::move(model), std::nullopt};
}

// The network in the form that the command line asks for.
void bring_to_form(Model& model, const ForwardArguments& arguments) {
  if (arguments.form.empty()) return;
  const Form wanted = form_named(arguments.form);
  const Form held = model.backbone->options().form;
  if (wanted == held) return;
  if (held != Form::kTrain) {
    throw ConfigError(fmt::format("--form {}: {} holds the form {}, and only the form train can be brought to another",
                                  arguments.form, arguments.model.weights, form_name(held)));
  }
  model.backbone = to_form(*model.backbone, wanted);
}

// (1, 3, S, S): the fixture's values, or a photograph warped to a square as the paper does.
at::Tensor make_input(const ForwardArguments& arguments, const ModelCard& card) {
  if (takes_signals(card.variant)) {
    throw ConfigError(fmt::format("{} takes signals; `forward` computes the logits of a picture", card.variant.name));
  }
  if (arguments.input == "fixture") return fixture_input(1, arguments.side);
  try {
    return to_input(read_image(arguments.input), arguments.side, normalization(card)).unsqueeze(0);
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
  Loaded loaded = make_model(arguments);
  bring_to_form(loaded.model, arguments);
  const Model& model = loaded.model;
  model.backbone->to(at::kCPU, prefers_channels_last(model.card.variant));
  const std::vector<std::string> names =
      class_names({.file = arguments.class_names, .dataset = arguments.dataset, .model = model.card.class_names},
                  model.card.options.classes);
  const at::Tensor map = model.backbone->features(make_input(arguments, model.card), {});
  const at::Tensor logits = model.backbone->classify(map, {})[0];

  int64_t parameters = 0;
  for (const NamedTensor& entry : model.backbone->parameters()) parameters += entry.tensor.numel();
  Json result = {
      {"parameters", parameters},    {"state_entries", model.backbone->state().size()},
      {"map", summary(map)},         {"logits", summary(logits)},
      {"top5", top5(logits, names)}, {"normalization", {{"mean", model.card.mean}, {"std", model.card.std}}}};
  if (loaded.file) result["weights"] = weights_json(*loaded.file);
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
  add_weights_options(*command, arguments->model);
  command->get_option("--weights")->description("fixture, random, or a weights file");
  command->get_option("--backbone")
      ->description("a name that `camsweep backbones` lists; default: what the file holds");
  command->add_option("--size", arguments->side, "side of the square input, px")
      ->required()
      ->check(CLI::Range(32, 4096));
  command->add_option("--classes", arguments->classes, "number of classes; default: the file's, or 1000")
      ->check(CLI::Range(1, 1'000'000));
  command
      ->add_option("--head", arguments->head,
                   "classifier: as fine-tuned in CAM Back Again, or as pretrained; default: the file's, or imagenet")
      ->check(CLI::IsMember({"paper", "imagenet"}));
  command
      ->add_option("--form", arguments->form,
                   "as trained, or with norms merged into convolutions (replknet; slak: folded); default: the file's")
      ->check(CLI::IsMember({"train", "merged", "folded"}));
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
