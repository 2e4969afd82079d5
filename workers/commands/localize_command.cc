#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/files.h"
#include "schemas/parameters.h"
#include "schemas/text.h"
#include "schemas/yaml_scalar.h"
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

struct LocalizeArguments {
  ModelRequest model;
  int size = 0;  // 0: as trained
  int side = 224;
  double threshold = 0.2;
  std::vector<std::string> methods = {"cam"};
  std::vector<std::string> classes = {"predicted"};
  std::vector<std::string> pictures;
  std::string images;
  std::string metadata;
  std::string out;
  std::string sheet;              // empty: none
  Json options = Json::object();  // of maps, as a sweep file names them
  bool json = false;
};

// A class as it was asked for: "gt", "predicted" or a number.
struct ClassChoice {
  std::string name;
  std::optional<int64_t> number;
};

std::vector<ClassChoice> class_choices(const std::vector<std::string>& names, const LocalizeArguments& arguments,
                                       int classes) {
  std::vector<ClassChoice> choices;
  for (const std::string& name : names) {
    ClassChoice& choice = choices.emplace_back(ClassChoice{name, {}});
    if (name == "predicted") continue;
    if (name == "gt") {
      if (arguments.metadata.empty()) throw ConfigError("--class gt needs --metadata, which knows each image's class");
      continue;
    }
    int64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || end != name.data() + name.size() || number < 0 || number >= classes) {
      throw ConfigError(
          fmt::format("--class: found '{}', expected gt, predicted or a class from 0 to {}", name, classes - 1));
    }
    choice.number = number;
  }
  return choices;
}

Image read_picture(const fs::path& file) {
  try {
    return read_image(file);
  } catch (const ImageError& error) {
    throw ConfigError(error.what());
  }
}

std::vector<MapMethod> methods_of(const LocalizeArguments& arguments) {
  std::vector<MapMethod> methods;
  for (const std::string& name : arguments.methods) methods.push_back(map_method_from_name(name));
  if (std::find(methods.begin(), methods.end(), MapMethod::kDdt) != methods.end()) {
    throw ConfigError("ddt: needs the statistics of a train split; an analysis of a sweep computes them");
  }
  return methods;
}

class Localizer {
 public:
  explicit Localizer(const LocalizeArguments& arguments)
      : arguments_(arguments),
        model_(open_model(arguments.model)),
        options_(map_options(arguments.options)),
        classes_(class_choices(arguments.classes, arguments, model_.card.options.classes)),
        format_(place(*model_.backbone, at::kCPU)),
        engine_(*model_.backbone, methods_of(arguments), options_) {}

  // Before the first result: with --class gt every picture needs a class, and one that the model knows.
  void require_labels(const std::vector<Picture>& pictures) const {
    if (std::none_of(classes_.begin(), classes_.end(), [](const ClassChoice& c) { return c.name == "gt"; })) return;
    const int known = model_.card.options.classes;
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
    const int size = arguments_.size > 0 ? arguments_.size : model_.card.resolution;
    const at::Tensor input = to_input(image, size, normalization(model_.card)).unsqueeze(0).contiguous(format_);
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
    return index < model_.card.class_names.size() ? model_.card.class_names[index] : "";
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
  Model model_;
  MapOptions options_;
  std::vector<ClassChoice> classes_;
  at::MemoryFormat format_;
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
  const Localizer localizer(arguments);
  localizer.require_labels(pictures);
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

// Every parameter that a localize job knows and that makes a map: cam_weight is --cam-weight.
void add_map_options(CLI::App& command, Json& options) {
  constexpr std::string_view kOfEvaluation[] = {"eval_side", "threshold_step"};
  for (const ParameterInfo& parameter : parameter_table()) {
    const std::vector<Stage>& stages = parameter.stages;
    if (std::find(stages.begin(), stages.end(), Stage::kLocalize) == stages.end()) continue;
    if (std::ranges::find(kOfEvaluation, parameter.name) != std::end(kOfEvaluation)) continue;
    std::string flag = "--" + std::string(parameter.name);
    std::replace(flag.begin(), flag.end(), '_', '-');
    const std::string meaning =
        fmt::format("{}{} [{}]", parameter.meaning, parameter.allowed.empty() ? "" : ": " + join(parameter.allowed),
                    parameter.default_value.dump());
    command.add_option_function<std::string>(
        flag,
        [&options, &parameter, flag](const std::string& text) {
          const Json value = parameter.type == "string" ? Json(text) : read_plain_scalar(text).value;
          if (const auto problem = parameter_problem(parameter, value)) throw ConfigError(flag + ": " + *problem);
          options[std::string(parameter.name)] = value;
        },
        meaning);
  }
}

}  // namespace

void add_localize_command(CLI::App& app, WorkerCommandLine&) {
  CLI::App* command = app.add_subcommand("localize", "Draw a model's score maps and boxes for pictures.");
  const auto arguments = std::make_shared<LocalizeArguments>();
  add_weights_options(*command, arguments->model);
  command->add_option("--size", arguments->size, "side of the square input, px; default: as trained")
      ->check(CLI::Range(32, 4096));
  command->add_option("--method", arguments->methods, join(map_method_names()))
      ->delimiter(',')
      ->allow_extra_args(false)  // or the pictures after it were methods
      ->capture_default_str();
  command->add_option("--class", arguments->classes, "predicted, gt (with --metadata) or a class number")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  command->add_option("--side", arguments->side, "side of the written maps, px")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->add_option("--threshold", arguments->threshold, "of the box, as a share of the map's maximum")
      ->check(CLI::Range(0.0, 0.9999))
      ->capture_default_str();
  add_map_options(*command, arguments->options);
  command->add_option("--out", arguments->out, "folder for maps (.npy) and overlays (.png)")->required();
  command->add_option("--sheet", arguments->sheet,
                      "one PNG of all overlays: a row per picture, a column per class and "
                      "method");
  command->add_option("--images", arguments->images, "a folder of pictures");
  command->add_option("--metadata", arguments->metadata, "metadata of the split whose images lie there");
  command->add_option("picture", arguments->pictures, "JPEG or PNG files");
  command->add_flag("--json", arguments->json, "print JSON");
  command->footer(
      "Examples:\n"
      "  camsweep localize --weights weights.safetensors --method cam,pc1 --out maps bird.jpg\n"
      "  camsweep localize --weights weights.safetensors --method layercam --layers stage2+stage3 --out maps bird.jpg\n"
      "  camsweep localize --weights weights.safetensors --method cam,gradcam_pp,pc1 --class gt --images birds/images\n"
      "      --metadata birds/metadata/test --out maps --sheet maps.png");
  command->callback([arguments] { localize(*arguments); });
}

}  // namespace camsweep
