#include "workers/checkpoints/weights_file.h"

#include <fmt/format.h>

#include <set>

#include "schemas/error.h"

namespace camsweep {
namespace {

void name_natively(WeightsFile& file, StateDict dict, const Dialect& dialect) {
  std::set<std::string> seen;
  for (NamedStoredTensor& entry : dict.tensors) {
    std::string native = native_name(dialect, entry.name);
    if (native.empty()) {
      file.unnamed.push_back(entry.name);
      continue;
    }
    if (!seen.insert(native).second) {
      throw ConfigError(
          fmt::format("{}: two of its tensors are '{}', one of them called '{}'", file.name, native, entry.name));
    }
    file.tensors.push_back({.name = std::move(native), .tensor = std::move(entry.tensor)});
  }
}

}  // namespace

WeightsFile understand(const CheckpointFile& file, WeightsChoice choice) {
  StateDict dict = select_state_dict(file, choice);
  WeightsFile weights{.name = file.name,
                      .container = file.container,
                      .wrapper = dict.wrapper,
                      .tensors = {},
                      .unnamed = {},
                      .identity = {},
                      .card = model_card(file.metadata, file.name),
                      .ignored = file.ignored,
                      .metadata = file.metadata};
  const Dialect* dialect = find_dialect(dict.tensors);
  if (!dialect) {
    weights.tensors = std::move(dict.tensors);
    return weights;
  }
  name_natively(weights, std::move(dict), *dialect);
  weights.identity = identify(weights.tensors, *dialect);
  if (weights.card) {
    weights.identity->family = weights.card->variant.family;
    weights.identity->variant = weights.card->variant;
    weights.identity->is_named = true;
    weights.identity->classes = weights.card->options.classes;
    weights.identity->head = weights.card->options.head;
  }
  return weights;
}

WeightsFile open_weights(const std::filesystem::path& file, WeightsChoice choice) {
  return understand(open_checkpoint(file), choice);
}

const NetworkIdentity& known_network(const WeightsFile& file) {
  if (!file.identity) {
    throw ConfigError(fmt::format("{}: holds no network this tool knows by the names of its tensors, such as '{}'",
                                  file.name, file.tensors.front().name));
  }
  if (!file.identity->variant) {
    throw ConfigError(
        fmt::format("{}: holds a {}, which no variant of that family has", file.name, describe(*file.identity)));
  }
  return *file.identity;
}

}  // namespace camsweep
