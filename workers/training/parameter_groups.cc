#include "workers/training/parameter_groups.h"

#include <algorithm>
#include <cmath>

#include "schemas/error.h"

namespace camsweep {
namespace {

bool is_matrix(const NamedTensor& parameter) { return parameter.tensor.dim() > 1 && !parameter.name.ends_with("bias"); }

// The highest group in use below the classifier's.
int last_stage_group(const LayerGroups& layers) {
  int highest = -1;
  for (const int group : layers.group) {
    if (group < layers.count - 1) highest = std::max(highest, group);
  }
  return highest;
}

}  // namespace

std::vector<ParameterGroup> parameter_groups(const std::vector<NamedTensor>& parameters, const LayerGroups& layers,
                                             const GroupingOptions& options) {
  CAMSWEEP_CHECK(parameters.size() == layers.group.size(), "every parameter is of a layer group");
  const int head = layers.count - 1;
  const int last_stage = last_stage_group(layers);
  std::vector<ParameterGroup> groups;
  for (size_t i = 0; i < parameters.size(); ++i) {
    const int layer = layers.group[i];
    if (layer < options.frozen_groups || (options.freeze_trunk && layer != head)) continue;
    const bool has_head_lr = layer == head || (options.last_stage_too && layer == last_stage);
    const double lr_scale = std::pow(options.layer_decay, head - layer) * (has_head_lr ? options.head_lr : 1);
    const double decay = options.decay_all || is_matrix(parameters[i]) ? options.weight_decay : 0;
    const auto same = [&](const ParameterGroup& group) {
      return group.lr_scale == lr_scale && group.weight_decay == decay;
    };
    auto group = std::find_if(groups.begin(), groups.end(), same);
    if (group == groups.end()) group = groups.insert(group, {lr_scale, decay, {}});
    group->parameters.push_back(parameters[i]);
  }
  return groups;
}

}  // namespace camsweep
