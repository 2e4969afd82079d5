#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "workers/backbones/backbone.h"
#include "workers/checkpoints/model_card.h"
#include "workers/checkpoints/weights_file.h"

namespace camsweep {

struct Model {
  ModelCard card;
  std::unique_ptr<Backbone> backbone;
};

// Written durably beside and renamed; returns the file's SHA-256. Throws Error (kDiskFull, kEnvironment).
std::string write_model(const std::filesystem::path& file, const Backbone& backbone, const ModelCard& card);

// Builds the network a weights file of ours holds and loads it. Throws ConfigError.
Model read_model(const std::filesystem::path& file);

// Builds the network of `card` and loads it from the file; weights of the form kTrain are brought to the card's form.
// Throws ConfigError as load_weights() for evaluation.
Model load_model(const WeightsFile& file, const ModelCard& card);

}  // namespace camsweep
