#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "workers/backbones/backbone.h"
#include "workers/checkpoints/safetensors.h"

namespace camsweep {

// What a weights file of ours says about itself (safetensors `__metadata__`, key "camsweep"): enough to build the
// network again and to feed it as it was trained.
struct ModelCard {
  BackboneVariant variant;
  BackboneOptions options;
  int resolution = 224;
  std::vector<double> mean = {0.5, 0.5, 0.5};
  std::vector<double> std = {0.5, 0.5, 0.5};
  std::vector<std::string> class_names;
  int epoch = 0;
};

struct Model {
  ModelCard card;
  std::unique_ptr<Backbone> backbone;
};

// Written durably beside and renamed; returns the file's SHA-256. Throws Error (kDiskFull, kEnvironment).
std::string write_model(const std::filesystem::path& file, const Backbone& backbone, const ModelCard& card);

// The card of a file of ours, none for other files. Throws ConfigError if it is damaged.
std::optional<ModelCard> model_card(const TensorFile& file, const std::string& file_name);

// Builds the network a weights file holds and loads it. Throws ConfigError.
Model read_model(const std::filesystem::path& file);

enum class Strictness {
  kStrict,   // evaluation: every tensor must be there and fit
  kFinetune  // final norm and classifier are left as initialized where the file's do not fit, and reported
};
struct LoadReport {
  std::vector<std::string> skipped;     // in the file, not used
  std::vector<std::string> left_fresh;  // in the network, not in the file
};

// Copies a file's tensors into a network by name (official keys). Missing `num_batches_tracked` is fine.
// Throws ConfigError naming the first tensor that does not fit and what the file seems to hold.
LoadReport load_weights(Backbone& backbone, const TensorFile& file, const std::string& file_name,
                        Strictness strictness);

}  // namespace camsweep
