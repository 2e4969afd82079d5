#include "schemas/recipe_fields.h"

#include <iterator>
#include <utility>

namespace camsweep {
namespace {

using Fields = std::vector<ParameterInfo>;

ParameterInfo field(std::string_view name, std::string_view type, Json default_value, std::string_view meaning) {
  return {name, type, std::move(default_value), {}, {}, {}, {Stage::kTrain}, meaning, /*later=*/true};
}

ParameterInfo number(std::string_view name, double default_value, double least, double most, std::string_view meaning) {
  ParameterInfo info = field(name, "number", default_value, meaning);
  info.minimum = least;
  info.maximum = most;
  return info;
}

ParameterInfo integer(std::string_view name, int default_value, int least, int most, std::string_view meaning) {
  ParameterInfo info = field(name, "integer", default_value, meaning);
  info.minimum = least;
  info.maximum = most;
  return info;
}

ParameterInfo flag(std::string_view name, std::string_view meaning) { return field(name, "boolean", false, meaning); }

// The first name is the default.
ParameterInfo choice(std::string_view name, std::vector<std::string> names, std::string_view meaning) {
  ParameterInfo info = field(name, "string", names.front(), meaning);
  info.allowed = std::move(names);
  return info;
}

Fields schedule_fields() {
  return {
      number("lr", 1e-5, 0, 1e3, "peak learning rate"),
      choice("schedule", {"cosine", "step", "constant"}, "of the learning rate, after the warm-up"),
      number("min_lr", 1e-6, 0, 1e3, "learning rate at the end of the cosine"),
      number("warmup_epochs", 0, 0, 1e5, "epochs of linear warm-up from 0"),
      integer("step_epochs", 15, 1, 100'000, "epochs between two steps of the schedule `step`"),
      number("step_factor", 0.1, 0, 1, "what each of these steps multiplies the rate with"),
  };
}

Fields optimizer_fields() {
  ParameterInfo freeze = field("freeze", "integer_or_name", 0,
                               "layer groups from the stem on that are not trained, or all but the classifier (trunk)");
  freeze.allowed = {"trunk"};
  freeze.minimum = 0;
  freeze.maximum = 1000;
  return {
      choice("optimizer", {"adamw", "sgd"}, "AdamW (betas 0.9, 0.999, eps 1e-8), or SGD with Nesterov's momentum"),
      number("momentum", 0.9, 0, 0.999, "of SGD"),
      number("weight_decay", 5e-4, 0, 10, "AdamW's decoupled decay, or SGD's"),
      choice("decay_on", {"matrices", "all"}, "what decays: all but biases and other 1-D parameters, or all"),
      number("layer_decay", 1, 0.01, 1, "factor of the rate from a layer group to the one below it"),
      number("head_lr", 1, 0, 1e3, "factor of the rate of a new classifier"),
      choice("head_lr_on", {"head", "last_stage"}, "what it is for: the classifier, or the last stage, too"),
      freeze,
      number("clip_norm", 0, 0, 1e6, "norm that gradients are scaled down to; 0: not"),
      integer("micro_batches", 1, 1, 1 << 16, "parts in which a step's batch is computed, to save memory"),
      choice("precision", {"float32", "bf16"}, "of products: float32, or autocast to bfloat16"),
      flag("sync_batch_norm", "whether batch norms take their statistics over the whole gang's batch"),
  };
}

Fields regularization_fields() {
  return {
      number("drop_path", 0.3, 0, 0.99, "stochastic depth rate of the last block"),
      number("label_smoothing", 0, 0, 0.99, "mass spread over all classes"),
      choice("sparsity", {"dense", "keep", "train"},
             "whether zeros of pretrained weights are trained or kept, or SLaK's sparse training"),
      number("sparse_zeros", 0.4, 0, 0.99, "share of the weights at zero in sparse training"),
      number("sparse_prune", 0.3, 0, 0.9, "share of a layer's weights that an exchange drops and regrows, at first"),
      integer("sparse_interval", 100, 1, 1 << 30, "steps between two exchanges"),
      number("head_init_scale", 1, 0, 1e3, "factor of a new classifier's initial weights"),
  };
}

// Stands in every identity: published weights bring their own.
ParameterInfo normalization(std::string_view name, std::string_view meaning) {
  ParameterInfo info = field(name, "numbers", {0.5, 0.5, 0.5}, meaning);
  info.later = false;
  return info;
}

Fields image_fields() {
  return {
      choice("crop", {"warp", "random_resized", "random"},
             "what training sees of an image: all of it, warped; a random part; or the like of 224 px of 256"),
      number("crop_scale", 0.08, 0.001, 1, "least share of the image's area in a random_resized crop"),
      choice("interpolation", {"bilinear", "bicubic", "random"}, "of training images"),
      number("flip", 0, 0, 1, "probability that a training image is mirrored"),
      choice("rand_augment", {"none", "rand-m9-mstd0.5-inc1"}, "timm's policy"),
      number("color_jitter", 0, 0, 1, "largest relative change of brightness, contrast and saturation"),
      number("random_erasing", 0, 0, 1, "probability that a rectangle of a training image becomes noise"),
      choice("test_crop", {"warp", "center"},
             "what top-1 sees of a test image: all of it, or 87.5 % of its shorter side"),
      choice("test_interpolation", {"bilinear", "bicubic"}, "of images that top-1 is measured on"),
      normalization("normalization_mean", "subtracted per channel, of values in [0, 1]"),
      normalization("normalization_std", "divided by, per channel"),
  };
}

Fields mixing_fields() {
  return {
      number("mixup", 0, 0, 100, "alpha of mixup's Beta distribution; 0: off"),
      number("cutmix", 0, 0, 100, "alpha of CutMix's Beta distribution; 0: off"),
      number("mix_probability", 1, 0, 1, "probability that a batch is mixed"),
      number("mix_switch", 0.5, 0, 1, "probability of CutMix where a batch could have either"),
      choice("mix_pairs", {"reversed", "shuffled"}, "partner of an image: the batch reversed, or a random permutation"),
      choice("cutmix_box", {"floor", "timm1"}, "upper edge of CutMix's box where its side is odd"),
  };
}

Fields outcome_fields() {
  return {
      number("ema", 0, 0, 0.999999, "decay of the weights' moving average; 0: none"),
      choice("weights", {"last", "best", "ema"},
             "which count: the last, the best on the split of `select_on`, or the moving average"),
  };
}

Fields acol_fields() {
  return {
      number("acol_threshold", 0.6, 0, 1, "activation, of [0, 1], from which ACoL's second classifier sees nothing"),
      integer("acol_channels", 1024, 1, 1 << 16, "of the convolutions of ACoL's two classifiers"),
  };
}

Fields guidance_fields() {
  return {
      field("spg_high", "numbers", {0.7, 0.5, 0.7},
            "above which SPG takes a position for object: by the class map, its later branch, both branches"),
      field("spg_low", "numbers", {0.01, 0.05, 0.1}, "below which it takes one for background"),
  };
}

Fields hiding_fields() {
  ParameterInfo side =
      field("hide", "integer_or_name", 0,
            "Hide-and-Seek: side of the cells that are hidden, px; 0: off; mix: 0, 16, 32, 44 or 56 of 224");
  side.allowed = {"mix"};
  side.minimum = 0;
  side.maximum = 4096;
  return {side, number("hide_probability", 0.5, 0, 1, "that a cell is hidden")};
}

Fields bridge_fields() {
  return {
      integer("bridge_warmup", 20, 0, 100'000, "epochs before BridgeGAP's similarity and norm count"),
      number("bridge_drop", 2, 0, 1e3, "weight of the distance between the maps of the whole and the erased image"),
      number("bridge_drop_threshold", 0.8, 0, 1, "of the largest activation, above which positions may be erased"),
      number("bridge_drop_rate", 0.25, 0, 1, "probability that one is"),
      number("bridge_similarity", 0.5, 0, 1e3, "weight of the similarity to the class, background less foreground"),
      number("bridge_norm", 0.05, 0, 1e3, "weight of the activation where the class is unlike, less where it is like"),
      number("bridge_foreground", 0.4, 0, 1, "activation above which a position is of the object"),
      number("bridge_background", 0.2, 0, 1, "activation below which it is not"),
      choice("bridge_sign", {"any_class", "label"}, "whose similarity says like or unlike: CUB's way, or ILSVRC's"),
  };
}

}  // namespace

std::vector<ParameterInfo> method_fields() {
  Fields all = {choice("wsol_method", {"none", "adl", "acol", "spg", "bridgegap"},
                       "what training does to make maps cover objects"),
                number("adl_rate", 0.75, 0, 1, "share of batches whose most active positions ADL drops"),
                number("adl_gamma", 0.9, 0, 1, "of the largest activation, where dropping begins")};
  for (Fields part : {acol_fields(), guidance_fields(), hiding_fields(), bridge_fields()}) {
    std::move(part.begin(), part.end(), std::back_inserter(all));
  }
  return all;
}

std::vector<ParameterInfo> recipe_fields() {
  Fields all;
  for (Fields part : {schedule_fields(), optimizer_fields(), regularization_fields(), image_fields(), mixing_fields(),
                      outcome_fields()}) {
    std::move(part.begin(), part.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace camsweep
