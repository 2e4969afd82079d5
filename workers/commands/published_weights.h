#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "workers/checkpoints/model_file.h"

namespace camsweep {

// What a weights file that says nothing about itself is taken for: weights as their authors published them. Statistics
// and resolution are those of the checkpoint catalog's entry for this backbone and a file of this name, else of the
// backbone's first entry, else ImageNet's and 224 px.
ModelCard published_card(const BackboneVariant& variant, const BackboneOptions& options,
                         const std::filesystem::path& file = {});

// A network as a command line asks for it. What is left open is as the file has it.
struct ModelRequest {
  std::string weights;
  std::string backbone;
  WeightsChoice choice = WeightsChoice::kTrained;
  std::optional<int> classes;  // read for files that say nothing about themselves, as is the next
  std::optional<HeadKind> head;
};

// Builds and loads the network. Throws ConfigError if the file holds another backbone or does not fit it, or has no
// classifier.
Model build_model(const WeightsFile& file, const ModelRequest& request);

// Opens the file and builds its network. Throws ConfigError, as open_weights().
Model open_model(const ModelRequest& request);

}  // namespace camsweep
