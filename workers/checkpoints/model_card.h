#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workers/backbones/backbone.h"

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

using FileMetadata = std::map<std::string, std::string>;

// The card of a file of ours, none for other files. Throws ConfigError naming the file if it is damaged.
std::optional<ModelCard> model_card(const FileMetadata& metadata, const std::string& file_name);

void write_card(FileMetadata& metadata, const ModelCard& card);

}  // namespace camsweep
