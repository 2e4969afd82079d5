#include "schemas/parameters.h"

#include <algorithm>

#include "schemas/error.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

const std::vector<Stage> kTrain = {Stage::kTrain};
const std::vector<Stage> kLocalize = {Stage::kLocalize};
const std::vector<Stage> kPc1 = {Stage::kLocalize, Stage::kPca};

std::vector<ParameterInfo> make_table() {
  return {
      // What is trained.
      {"backbone", "string", nullptr, {}, {}, {}, kTrain, "network, a name of the backbone catalog or of `backbones:`"},
      {"pretraining", "string", "none", {}, {}, {}, kTrain, "weights to start from: none, a catalog entry or a path"},
      {"head", "string", "paper", {"paper", "imagenet"}, {}, {}, kTrain, "classifier as CAM Back Again fine-tunes it, or the original one"},
      {"pool", "string", "gap", {"gap", "gmp"}, {}, {}, kTrain, "pooling before the classifier"},
      {"resolution", "integer", nullptr, {}, 8, 4096, kTrain, "side of the square input, pixels"},
      {"augmentation", "boolean", true, {}, {}, {}, kTrain, "random resized crop and flip, or a plain warp"},
      {"epochs", "integer", nullptr, {}, 0, 100000, kTrain, "passes over the train split"},
      {"batch", "integer", 32, {}, 1, 1 << 20, kTrain, "images per step of the whole gang"},
      {"gang", "integer", 1, {}, 1, 4096, kTrain, "ranks that train one job together"},
      {"seed", "integer", 0, {}, 0, 1e15, kTrain, "set by `replicates` or `seeds`"},
      {"select_on", "string", "none", {"none", "test"}, {}, {}, kTrain, "split on which anything may be selected"},
      // Recipe fields.
      {"recipe", "string", "cam-back-again", {"cam-back-again"}, {}, {}, {}, "defaults of the fields below"},
      {"lr", "number", 1e-5, {}, 0, 1e3, kTrain, "peak learning rate"},
      {"min_lr", "number", 1e-6, {}, 0, 1e3, kTrain, "learning rate at the end of the cosine"},
      {"warmup_epochs", "number", 0, {}, 0, 1e5, kTrain, "epochs of linear warm-up from 0"},
      {"weight_decay", "number", 5e-4, {}, 0, 10, kTrain, "AdamW's decay; not on biases and other 1-D parameters"},
      {"label_smoothing", "number", 0.0, {}, 0, 0.99, kTrain, "mass spread over all classes"},
      {"drop_path", "number", 0.3, {}, 0, 0.99, kTrain, "stochastic depth rate of the last block"},
      {"normalization_mean", "numbers", {0.5, 0.5, 0.5}, {}, {}, {}, kTrain, "subtracted per channel, of values in [0, 1]"},
      {"normalization_std", "numbers", {0.5, 0.5, 0.5}, {}, {}, {}, kTrain, "divided by, per channel"},
      // Score maps and their evaluation.
      {"cam_weight", "string", "paper", {"paper", "exact"}, {}, {}, kLocalize, "raw class weights, or with the norm before the classifier folded in"},
      {"heatmap", "string", "official", {"official", "wsoleval"}, {}, {}, kLocalize, "ReLU and bilinear, or no ReLU and bicubic"},
      {"neg_sign", "string", "signed", {"signed", "magnitude"}, {}, {}, kLocalize, "sign of the weights in the negative-only map"},
      {"pc1_input", "string", "weighted", {"weighted", "raw"}, {}, {}, kPc1, "maps that the PCA sees"},
      {"pc1_sign", "string", "component", {"component", "score"}, {}, {}, kPc1, "sign convention of the first component"},
      {"pc1_quantization", "string", "minmax", {"minmax", "clip", "wrap"}, {}, {}, kLocalize, "how the PC1 map reaches [0, 1]"},
      {"eval_side", "string", "224", {}, {}, {}, kLocalize, "side of the evaluated map: a number, or `input`"},
      {"threshold_step", "number", 0.001, {}, 1e-4, 0.5, kLocalize, "step of the threshold grid"},
  };
}

}  // namespace

const std::vector<ParameterInfo>& parameter_table() {
  static const std::vector<ParameterInfo> table = make_table();
  return table;
}

const ParameterInfo* find_parameter(std::string_view name) {
  for (const ParameterInfo& info : parameter_table()) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

Json recipe_defaults(std::string_view recipe, bool augmentation) {
  if (recipe != "cam-back-again") {
    throw ConfigError("unknown recipe '" + std::string(recipe) + "'; known: cam-back-again");
  }
  return {{"lr", 1e-5},
          {"min_lr", 1e-6},
          {"warmup_epochs", 0},
          {"weight_decay", 5e-4},
          {"label_smoothing", augmentation ? 0.1 : 0.0},
          {"drop_path", 0.3},
          {"normalization_mean", {0.5, 0.5, 0.5}},
          {"normalization_std", {0.5, 0.5, 0.5}}};
}

}  // namespace camsweep
