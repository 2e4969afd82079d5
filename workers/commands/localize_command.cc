#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "workers/commands/localize_pictures.h"
#include "workers/commands/model_arguments.h"
#include "workers/localization/class_maps.h"
#include "workers/localization/colour_map.h"
#include "workers/localization/contours.h"
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
  std::string cam_weight = "paper";
  std::string heatmap = "official";
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

class Localizer {
 public:
  explicit Localizer(const LocalizeArguments& arguments)
      : arguments_(arguments),
        model_(open_model(arguments.model)),
        options_(map_options({{"cam_weight", arguments.cam_weight}, {"heatmap", arguments.heatmap}})),
        classes_(class_choices(arguments.classes, arguments, model_.card.options.classes)) {
    for (const std::string& name : arguments.methods) methods_.push_back(method_from_name(name));
    format_ = place(*model_.backbone, at::kCPU);
  }

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

  // One entry per class and method; writes their maps and overlays.
  Json localize(const Picture& picture) const {
    const at::NoGradGuard no_grad;
    const Image image = read_picture(picture.file);
    const int size = arguments_.size > 0 ? arguments_.size : model_.card.resolution;
    const at::Tensor input = to_input(image, size, normalization(model_.card)).unsqueeze(0).contiguous(format_);
    const at::Tensor maps = model_.backbone->features(input, {});
    const at::Tensor scores = at::softmax(model_.backbone->classify(maps, {})[0].to(at::kDouble), 0);
    const at::Tensor features = maps[0].to(at::kDouble).contiguous();
    Json entries = Json::array();
    for (const ClassChoice& choice : classes_) {
      const int64_t label = class_of(choice, scores, picture.sample);
      const at::Tensor weights = class_weights(*model_.backbone, features, label, options_.cam_weight);
      for (const Method method : methods_) {
        const Normalized map =
            render_map(coarse_map(features, weights, method, options_), method, options_, arguments_.side);
        const std::string name = method_name(method) + "-" + choice.name;
        write(picture, image, map.map, name);
        entries.push_back({{"image", picture.sample.id},
                           {"method", method_name(method)},
                           {"class", label},
                           {"class_name", class_name(label)},
                           {"score", scores[label].item<double>()},
                           {"box", box(image, map.map)}});
      }
    }
    return entries;
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

  void write(const Picture& picture, const Image& image, const ScoreMap& map, const std::string& name) const {
    const fs::path file = fs::path(arguments_.out) / name / picture.sample.id;
    write_npy(file.string() + ".npy", map);
    write_png(file.string() + ".png", draw_localization(image, map, picture.sample.boxes, arguments_.threshold, 224));
  }

  const LocalizeArguments& arguments_;
  Model model_;
  MapOptions options_;
  std::vector<ClassChoice> classes_;
  std::vector<Method> methods_;
  at::MemoryFormat format_ = at::MemoryFormat::Contiguous;
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
  for (const Picture& picture : pictures) {
    for (const Json& entry : localizer.localize(picture)) {
      if (arguments.json) {
        all.push_back(entry);
      } else {
        print_line(entry);
      }
    }
  }
  if (arguments.json) fmt::print("{}\n", all.dump(2));
}

}  // namespace

void add_localize_command(CLI::App& app, WorkerCommandLine&) {
  CLI::App* command = app.add_subcommand("localize", "Draw a model's score maps and boxes for pictures.");
  const auto arguments = std::make_shared<LocalizeArguments>();
  add_weights_options(*command, arguments->model);
  command->add_option("--size", arguments->size, "side of the square input, px; default: as trained")
      ->check(CLI::Range(32, 4096));
  command->add_option("--method", arguments->methods, "cam, cam_positive, cam_negative, pc1")
      ->delimiter(',')
      ->allow_extra_args(false)  // or the pictures after it were methods
      ->capture_default_str();
  command->add_option("--class", arguments->classes, "predicted, gt (with --metadata) or a class number")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  command->add_option("--side", arguments->side, "side of the written maps, px")
      ->check(CLI::Range(8, 4096))
      ->capture_default_str();
  command->add_option("--threshold", arguments->threshold, "of the box, as a share of the map's maximum")
      ->check(CLI::Range(0.0, 0.9999))
      ->capture_default_str();
  command->add_option("--cam-weight", arguments->cam_weight, "raw class weights, or with the norm folded in")
      ->check(CLI::IsMember({"paper", "exact"}))
      ->capture_default_str();
  command->add_option("--heatmap", arguments->heatmap, "ReLU and bilinear, or no ReLU and bicubic")
      ->check(CLI::IsMember({"official", "wsoleval"}))
      ->capture_default_str();
  command->add_option("--out", arguments->out, "folder for maps (.npy) and overlays (.png)")->required();
  command->add_option("--images", arguments->images, "a folder of pictures");
  command->add_option("--metadata", arguments->metadata, "metadata of the split whose images lie there");
  command->add_option("picture", arguments->pictures, "JPEG or PNG files");
  command->add_flag("--json", arguments->json, "print JSON");
  command->footer("Example: camsweep localize --weights weights.safetensors --method cam,pc1 --out maps bird.jpg");
  command->callback([arguments] { localize(*arguments); });
}

}  // namespace camsweep
