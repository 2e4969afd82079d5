#include "workers/commands/localize_arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <iterator>
#include <string_view>

#include "schemas/error.h"
#include "schemas/parameters.h"
#include "schemas/text.h"
#include "schemas/yaml_scalar.h"
#include "workers/commands/model_arguments.h"
#include "workers/localization/map_options.h"

namespace camsweep {
namespace {

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

void add_localize_options(CLI::App& command, LocalizeArguments& arguments) {
  add_weights_options(command, arguments.model);
  command.add_option("--size", arguments.size, "side of the square input, px; default: as trained")
      ->check(CLI::Range(32, 4096));
  command.add_option("--method", arguments.methods, join(map_method_names()))
      ->delimiter(',')
      ->allow_extra_args(false)  // or the pictures after it were methods
      ->capture_default_str();
  command.add_option("--class", arguments.classes, "predicted, gt (with --metadata) or a class number")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->capture_default_str();
  command.add_option("--side", arguments.side, "side of the written maps, px")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command.add_option("--threshold", arguments.threshold, "of the box, as a share of the map's maximum")
      ->check(CLI::Range(0.0, 0.9999))
      ->capture_default_str();
  add_map_options(command, arguments.options);
  command.add_option("--out", arguments.out, "folder for maps (.npy) and overlays (.png)")->required();
  command.add_option("--sheet", arguments.sheet,
                     "one PNG of all overlays: a row per picture, a column per class and method");
  command.add_option("--images", arguments.images, "a folder of pictures");
  command.add_option("--metadata", arguments.metadata, "metadata of the split whose images lie there");
  command.add_option("--train-set", arguments.train_set,
                     "data set (wsol, cub or class folders) whose train images show ddt what a class has in common");
  command.add_option("picture", arguments.pictures, "JPEG or PNG files");
  command.add_flag("--json", arguments.json, "print JSON");
}

std::vector<ClassChoice> class_choices(const LocalizeArguments& arguments, int classes) {
  std::vector<ClassChoice> choices;
  for (const std::string& name : arguments.classes) {
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

std::vector<MapMethod> map_methods_of(const LocalizeArguments& arguments) {
  std::vector<MapMethod> methods;
  for (const std::string& name : arguments.methods) methods.push_back(map_method_from_name(name));
  const bool ddt = std::find(methods.begin(), methods.end(), MapMethod::kDdt) != methods.end();
  if (ddt && arguments.train_set.empty()) {
    throw ConfigError("ddt: needs --train-set, a data set whose train images show what a class has in common");
  }
  return methods;
}

}  // namespace camsweep
