#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "schemas/files.h"
#include "workers/commands/localize_arguments.h"
#include "workers/commands/localize_pictures.h"
#include "workers/commands/model_arguments.h"
#include "workers/localization/colour_map.h"
#include "workers/localization/contours.h"
#include "workers/localization/map_engine.h"
#include "workers/localization/map_rendering.h"
#include "workers/localization/npy.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

Image read_picture(const fs::path& file) {
  try {
    return read_image(file);
  } catch (const ImageError& error) {
    throw ConfigError(error.what());
  }
}

// The network, moved to the CPU, and the data set that ddt learns from, if there is one.
AnalysisInput open_inputs(const LocalizeArguments& arguments) {
  AnalysisInput input{open_model(arguments.model), nullptr, {}, {}};
  if (arguments.size > 0) input.model.card.resolution = arguments.size;
  input.normalization = normalization(input.model.card);
  input.format = place(*input.model.backbone, at::kCPU);
  if (!arguments.train_set.empty()) input.dataset = open_dataset(arguments.train_set);
  return input;
}

// Throws ConfigError.
std::vector<ClassDirection> learn_directions(const AnalysisInput& input, const MapOptions& options) {
  const int known = input.model.card.options.classes;
  if (input.dataset->classes() > known) {
    throw ConfigError(
        fmt::format("--train-set: has {} classes, but the model knows {}", input.dataset->classes(), known));
  }
  if (input.dataset->samples(Split::kTrain).empty()) throw ConfigError("--train-set: its train split has no image");
  LocalRun run(Stage::kLocalize, Json::object(), "");
  std::vector<ClassDirection> directions;
  require_success(run_analysis([&]() -> JobEnd {
    PassProgress progress(run.context(), class_direction_steps(input, run.context().collective));
    directions = class_directions(run.context(), input, options.layers.empty() ? 0 : options.layers.back(), progress);
    return JobSuccess{};
  }));
  return directions;
}

class Localizer {
 public:
  explicit Localizer(const LocalizeArguments& arguments)
      : arguments_(arguments),
        input_(open_inputs(arguments)),
        card_(input_.model.card),
        options_(map_options(arguments.options)),
        classes_(class_choices(arguments, card_.options.classes)),
        engine_(*input_.model.backbone, map_methods_of(arguments), options_) {}

  void learn() {
    const std::vector<MapMethod>& methods = engine_.methods();
    if (std::find(methods.begin(), methods.end(), MapMethod::kDdt) == methods.end()) return;
    engine_.set_class_directions(learn_directions(input_, options_));
  }

  // Before the first result: with --class gt every picture needs a class, and one that the model knows.
  void require_labels(const std::vector<Picture>& pictures) const {
    if (std::none_of(classes_.begin(), classes_.end(), [](const ClassChoice& c) { return c.name == "gt"; })) return;
    const int known = card_.options.classes;
    for (const Picture& picture : pictures) {
      const Sample& sample = picture.sample;
      if (sample.label < 0) {
        throw ConfigError(fmt::format("--class gt: the class of '{}' is not known; --metadata knows those of --images",
                                      picture.file.string()));
      }
      if (sample.label >= known) {
        throw ConfigError(
            fmt::format("image '{}' has class {}, but the model knows {} classes", sample.id, sample.label, known));
      }
    }
  }

  // What is found in a picture: an entry per class and method, and their overlays in the same order.
  struct Found {
    Json entries = Json::array();
    std::vector<Image> overlays;
  };

  // Writes the maps and overlays, too.
  Found localize(const Picture& picture) const {
    const Image image = read_picture(picture.file);
    const at::Tensor input =
        to_input(image, card_.resolution, input_.normalization).unsqueeze(0).contiguous(input_.format);
    const MapPass pass = engine_.run(input);
    const at::Tensor scores = at::softmax(pass.logits[0].detach().to(at::kDouble), 0);
    MapRequest request;
    for (const ClassChoice& choice : classes_) request.classes.push_back(class_of(choice, scores, picture.sample));
    const MapEngine::ImageMaps maps = engine_.maps(pass, {request}).front();
    Found found;
    for (size_t c = 0; c < classes_.size(); ++c) {
      for (size_t m = 0; m < engine_.methods().size(); ++m) {
        const int64_t label = request.classes[c];
        const MapMethod method = engine_.methods()[m];
        const Normalized map = render_map(maps[c][m], method, options_, arguments_.side);
        const std::string name(map_method_info(method).name);
        found.overlays.push_back(write(picture, image, map.map, name + "-" + classes_[c].name));
        Json entry = {{"image", picture.sample.id},
                      {"method", name},
                      {"class", label},
                      {"class_name", class_name(label)},
                      {"score", scores[label].item<double>()},
                      {"box", box(image, map.map)},
                      {"constant", map.constant}};
        if (const auto same = engine_.identical_to()[m]) entry["identical_to"] = map_method_info(*same).name;
        found.entries.push_back(std::move(entry));
      }
    }
    return found;
  }

 private:
  int64_t class_of(const ClassChoice& choice, const at::Tensor& scores, const Sample& sample) const {
    if (choice.number) return *choice.number;
    if (choice.name == "predicted") return scores.argmax(0).item<int64_t>();
    return sample.label;
  }

  std::string class_name(int64_t label) const {
    const auto index = static_cast<size_t>(label);
    return index < card_.class_names.size() ? card_.class_names[index] : "";
  }

  // In the picture's own pixels.
  Json box(const Image& image, const ScoreMap& map) const {
    const LevelMap levels = quantize(map);
    const Box drawn = largest_contour_box(levels, threshold_level(arguments_.threshold, levels.max()));
    const Box scaled = scale_box(drawn, {map.width, map.height}, {image.width, image.height});
    return {scaled.x0, scaled.y0, scaled.x1, scaled.y1};
  }

  // Returns the overlay.
  Image write(const Picture& picture, const Image& image, const ScoreMap& map, const std::string& name) const {
    constexpr int kSide = 224;
    const fs::path file = fs::path(arguments_.out) / name / picture.sample.id;
    const std::vector<Box>& boxes = picture.sample.boxes;
    write_npy(file.string() + ".npy", map);
    write_png(file.string() + ".png", draw_localization(image, map, boxes, arguments_.threshold, kSide));
    return overlay(image, map, boxes, arguments_.threshold, kSide);
  }

  const LocalizeArguments& arguments_;
  AnalysisInput input_;
  const ModelCard& card_;
  MapOptions options_;
  std::vector<ClassChoice> classes_;
  MapEngine engine_;
};

void print_line(const Json& entry) {
  const std::string name = entry["class_name"];
  fmt::print("{}  {}  class {}{}  score {:.4f}  box {}\n", entry["image"].get<std::string>(),
             entry["method"].get<std::string>(), entry["class"].get<int64_t>(), name.empty() ? "" : " (" + name + ")",
             entry["score"].get<double>(), entry["box"].dump());
}

void localize(const LocalizeArguments& arguments) {
  const std::vector<Picture> pictures = list_pictures(arguments.pictures, arguments.images, arguments.metadata);
  Localizer localizer(arguments);
  localizer.require_labels(pictures);
  localizer.learn();
  Json all = Json::array();
  std::vector<std::vector<Image>> sheet;
  for (const Picture& picture : pictures) {
    Localizer::Found found = localizer.localize(picture);
    if (!arguments.sheet.empty()) sheet.push_back(std::move(found.overlays));
    for (const Json& entry : found.entries) {
      if (arguments.json) {
        all.push_back(entry);
      } else {
        print_line(entry);
      }
    }
  }
  if (!arguments.sheet.empty()) {
    make_directories(fs::absolute(arguments.sheet).parent_path());
    write_png(arguments.sheet, contact_sheet(sheet));
  }
  if (arguments.json) fmt::print("{}\n", all.dump(2));
}

}  // namespace

void add_localize_command(CLI::App& app, WorkerCommandLine&) {
  CLI::App* command = app.add_subcommand("localize", "Draw a model's score maps and boxes for pictures.");
  const auto arguments = std::make_shared<LocalizeArguments>();
  add_localize_options(*command, *arguments);
  command->footer(
      "Examples:\n"
      "  camsweep localize --weights weights.safetensors --method cam,pc1 --out maps bird.jpg\n"
      "  camsweep localize --weights weights.safetensors --method layercam --layers stage2+stage3 --out maps bird.jpg\n"
      "  camsweep localize --weights weights.safetensors --method cam,gradcam_pp,pc1 --class gt --images birds/images\n"
      "      --metadata birds/metadata/test --out maps --sheet maps.png\n"
      "  camsweep localize --weights weights.safetensors --method ddt --train-set birds --out maps bird.jpg");
  command->callback([arguments] { localize(*arguments); });
}

}  // namespace camsweep
