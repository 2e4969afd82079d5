#include "schemas/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "schemas/error.h"
#include "schemas/map_methods.h"
#include "schemas/recipe_fields.h"
#include "schemas/recipes.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

const std::vector<Stage> kTrain = {Stage::kTrain};
const std::vector<Stage> kLocalize = {Stage::kLocalize};
const std::vector<Stage> kPc1 = {Stage::kLocalize, Stage::kPca};

std::vector<ParameterInfo> trained_parameters() {
  return {
      {"backbone", "string", nullptr, {}, {}, {}, kTrain, "network, a name of the backbone catalog or of `backbones:`"},
      {"pretraining", "string", "none", {}, {}, {}, kTrain, "weights to start from: none, a catalog entry or a path"},
      {"head",
       "string",
       "paper",
       {"paper", "imagenet"},
       {},
       {},
       kTrain,
       "classifier as CAM Back Again fine-tunes it, or the original one"},
      {"pool", "string", "gap", {"gap", "gmp"}, {}, {}, kTrain, "pooling before the classifier"},
      {"resolution", "integer", nullptr, {}, 8, 4096, kTrain, "side of the square input, pixels"},
      {"recipe", "string", "cam-back-again", recipe_names(), {}, {}, {}, "defaults of the fields of training"},
      {"augmentation", "boolean", true, {}, {}, {}, {}, "the recipe's augmentation, or a plain warp"},
      {"epochs", "integer", nullptr, {}, 0, 100000, kTrain, "passes over the train split"},
      {"batch", "integer", 32, {}, 1, 1 << 20, kTrain, "images per step of the whole gang"},
      {"gang", "integer", 1, {}, 1, 4096, kTrain, "ranks that train one job together"},
      {"seed", "integer", 0, {}, 0, 1e15, kTrain, "set by `replicates` or `seeds`"},
      {"select_on",
       "string",
       "none",
       {"none", "val", "test"},
       {},
       {},
       kTrain,
       "split on which the best weights may be selected"},
  };
}

// Of score maps and their evaluation.
std::vector<ParameterInfo> map_options() {
  return {
      {"cam_weight",
       "string",
       "paper",
       {"paper", "exact"},
       {},
       {},
       kLocalize,
       "raw class weights, or with the norm before the classifier folded in"},
      {"heatmap",
       "string",
       "official",
       {"official", "wsoleval", "max"},
       {},
       {},
       kLocalize,
       "ReLU and bilinear, no ReLU and bicubic, or ReLU and bilinear over the maximum alone"},
      {"neg_sign",
       "string",
       "signed",
       {"signed", "magnitude"},
       {},
       {},
       kLocalize,
       "sign of the weights in the negative-only map"},
      {"pc1_input", "string", "weighted", {"weighted", "raw"}, {}, {}, kPc1, "maps that the PCA sees"},
      {"pc1_sign",
       "string",
       "component",
       {"component", "score"},
       {},
       {},
       kPc1,
       "sign convention of the first component"},
      {"pc1_quantization",
       "string",
       "minmax",
       {"minmax", "clip", "wrap"},
       {},
       {},
       kLocalize,
       "how the PC1 map reaches [0, 1]"},
      {"eval_side",
       "integer_or_name",
       224,
       {"input"},
       8,
       4096,
       kLocalize,
       "side of the evaluated map: a number, or `input`"},
      {"layers",
       "layers",
       "last",
       {},
       {},
       {},
       kLocalize,
       "map that is explained: last, or stages like stage2+stage3",
       /*later=*/true},
      {"gradcam_pp_eps",
       "integer_or_name",
       0,
       {"library"},
       0,
       0,
       kLocalize,
       "of Grad-CAM++'s denominator: none, or pytorch-grad-cam's 1e-6",
       /*later=*/true},
      {"eigen_sign",
       "string",
       "extreme",
       {"extreme", "frame", "cam"},
       {},
       {},
       kLocalize,
       "what turns Eigen-CAM the right way: its larger extreme, a low frame, or agreement with the CAM",
       /*later=*/true},
      {"flip_average",
       "boolean",
       false,
       {},
       {},
       {},
       kLocalize,
       "whether maps are averaged with the mirrored image's",
       /*later=*/true},
      {"weight_split", "number", 0.04, {}, 0, 1e6, kLocalize, "between small and large weights", /*later=*/true},
      {"scorecam_channels",
       "integer",
       64,
       {},
       0,
       1 << 20,
       kLocalize,
       "channels that Score-CAM masks an image with; 0: all",
       /*later=*/true},
      {"threshold_step", "number", 0.001, {}, 1e-4, 0.5, kLocalize, "step of the threshold grid"},
  };
}

bool in_range(const ParameterInfo& parameter, const Json& value) {
  const double number = value.get<double>();
  return number >= parameter.minimum.value_or(number) && number <= parameter.maximum.value_or(number);
}

bool is_allowed(const ParameterInfo& parameter, const Json& value) {
  const std::vector<std::string>& allowed = parameter.allowed;
  return value.is_string() && (allowed.empty() || std::find(allowed.begin(), allowed.end(), value) != allowed.end());
}

bool is_valid(const ParameterInfo& parameter, const Json& value) {
  if (parameter.type == "integer") return value.is_number_integer() && in_range(parameter, value);
  if (parameter.type == "number") return value.is_number() && in_range(parameter, value);
  if (parameter.type == "boolean") return value.is_boolean();
  if (parameter.type == "string") return is_allowed(parameter, value);
  if (parameter.type == "integer_or_name") {
    return value.is_string() ? is_allowed(parameter, value) : value.is_number_integer() && in_range(parameter, value);
  }
  if (parameter.type == "layers") return value.is_string() && parse_layers(value.get_ref<const std::string&>());
  CAMSWEEP_CHECK(parameter.type == "numbers", "a parameter's type is one of those in parameters.h");
  return value.is_array() && value.size() == 3 &&
         std::all_of(value.begin(), value.end(), [](const Json& item) { return item.is_number(); });
}

std::string expectation(const ParameterInfo& parameter) {
  if (parameter.type == "boolean") return "true or false";
  if (parameter.type == "numbers") return "a list of 3 numbers";
  if (parameter.type == "layers") return "last, or stages in rising order joined by +, like stage2+stage3";
  if (parameter.type == "string") {
    if (parameter.allowed.empty()) return "a name (a text)";
    return (parameter.allowed.size() == 1 ? "" : "one of ") + join(parameter.allowed);
  }
  const std::string_view noun = parameter.type == "number" ? "a number" : "an integer";
  const std::string names = parameter.allowed.empty() ? "" : " or " + join(parameter.allowed, " or ");
  return fmt::format("{} from {} to {}{}", noun, *parameter.minimum, *parameter.maximum, names);
}

}  // namespace

const std::vector<ParameterInfo>& parameter_table() {
  static const std::vector<ParameterInfo> table = [] {
    std::vector<ParameterInfo> all;
    for (const auto& part : {trained_parameters(), recipe_fields(), method_fields(), map_options()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    for (ParameterInfo& info : all) info.default_value = normalized(std::move(info.default_value));
    return all;
  }();
  return table;
}

const ParameterInfo* find_parameter(std::string_view name) {
  for (const ParameterInfo& info : parameter_table()) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

const std::vector<std::string>& parameter_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const ParameterInfo& info : parameter_table()) {
      if (info.name != "seed") all.emplace_back(info.name);
    }
    return all;
  }();
  return names;
}

std::optional<std::string> parameter_problem(const ParameterInfo& parameter, const Json& value) {
  if (is_valid(parameter, value)) return std::nullopt;
  const std::string found = value.is_string() ? fmt::format("'{}'", value.get<std::string>()) : value.dump();
  const std::string hint = value.is_string() ? did_you_mean(value.get<std::string>(), parameter.allowed) : "";
  return fmt::format("found {}, expected {}{}", found, expectation(parameter), hint);
}

}  // namespace camsweep
