#include "workers/checkpoints/state_dict.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "schemas/error.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

// Parts of a training around the network, in the order in which they are taken off; only where all names share them.
constexpr const char* kPrefixes[] = {"module.", "_orig_mod.", "model.", "backbone.", "encoder."};

// What a file holds, for messages: its groups of tensors, or else what it holds in place of any.
std::string content_text(const CheckpointFile& file) {
  std::vector<std::string> names;
  for (const TensorGroup& group : file.groups) {
    names.push_back(group.wrapper.empty() ? "tensors outside of any group" : fmt::format("'{}'", group.wrapper));
  }
  if (names.empty()) names = file.ignored;
  return names.empty() ? "no tensors" : join(names);
}

const TensorGroup* find_group(const CheckpointFile& file, std::initializer_list<const char*> wrappers) {
  for (const char* wrapper : wrappers) {
    const auto found = std::ranges::find(file.groups, wrapper, &TensorGroup::wrapper);
    if (found != file.groups.end() && !found->tensors.empty()) return &*found;
  }
  return nullptr;
}

const TensorGroup& select_group(const CheckpointFile& file, WeightsChoice choice) {
  if (choice == WeightsChoice::kAverage) {
    if (const TensorGroup* group = find_group(file, {"state_dict_ema", "model_ema"})) return *group;
    throw ConfigError(fmt::format("{}: has no averaged weights (model_ema or state_dict_ema), it holds {}", file.name,
                                  content_text(file)));
  }
  if (const TensorGroup* group = find_group(file, {"model", "module", "state_dict", "net", ""})) return *group;
  throw ConfigError(fmt::format(
      "{}: has no weights of a network (under model, module, state_dict, net or by themselves), it holds {}", file.name,
      content_text(file)));
}

}  // namespace

StateDict select_state_dict(const CheckpointFile& file, WeightsChoice choice) {
  const TensorGroup& group = select_group(file, choice);
  StateDict dict{.wrapper = group.wrapper, .prefix = "", .tensors = group.tensors};
  for (const std::string prefix : kPrefixes) {
    const auto has_prefix = [&](const NamedStoredTensor& entry) { return entry.name.starts_with(prefix); };
    if (!std::ranges::all_of(dict.tensors, has_prefix)) continue;
    for (NamedStoredTensor& entry : dict.tensors) entry.name.erase(0, prefix.size());
    dict.prefix += prefix;
  }
  return dict;
}

}  // namespace camsweep
