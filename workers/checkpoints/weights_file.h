#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workers/checkpoints/identify.h"
#include "workers/checkpoints/model_card.h"
#include "workers/checkpoints/state_dict.h"

namespace camsweep {

// A weights file understood: which of its tensors are a network's, under native names, and which network that is.
struct WeightsFile {
  std::string name;  // for messages
  Container container = Container::kSafetensors;
  std::string wrapper;                      // the group the tensors lay in, "" for the outermost
  std::vector<NamedStoredTensor> tensors;   // in file order
  std::vector<std::string> unnamed;         // tensors that have no native name, as the file calls them
  std::optional<NetworkIdentity> identity;  // none: no network that is known
  std::optional<ModelCard> card;            // of a file of ours; the identity's variant is then the card's
  std::vector<std::string> ignored;         // what else the file holds, in words
  std::map<std::string, std::string> metadata;
};

// Throws ConfigError as select_state_dict() and model_card(); or if two tensors have one native name.
WeightsFile understand(const CheckpointFile& file, WeightsChoice choice = WeightsChoice::kTrained);

// As understand(), and as open_checkpoint().
WeightsFile open_weights(const std::filesystem::path& file, WeightsChoice choice = WeightsChoice::kTrained);

// The identity. Throws ConfigError if the file holds no network that is known, or one that no variant describes.
const NetworkIdentity& known_network(const WeightsFile& file);

}  // namespace camsweep
