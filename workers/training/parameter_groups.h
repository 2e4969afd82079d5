#pragma once

#include <vector>

#include "workers/backbones/backbone.h"

namespace camsweep {

// What tells the parameters of a network apart for the optimizer.
struct GroupingOptions {
  double weight_decay = 0;
  bool decay_all = false;       // or all but biases and other 1-D parameters (spec backbones, 2.6)
  double layer_decay = 1;       // a layer group's rate is that of the group above times this
  double head_lr = 1;           // factor of the classifier's rate
  bool last_stage_too = false;  // the group below the classifier's has that factor as well
  int frozen_groups = 0;        // from the stem on; their parameters stay as they are
  bool freeze_trunk = false;    // all groups but the classifier's
};

struct ParameterGroup {
  double lr_scale = 1;
  double weight_decay = 0;
  std::vector<NamedTensor> parameters;
};

// The trained parameters of a network by what they share: rate factor layer_decay^(top - group) (ConvNeXt's and
// RepLKNet's optim_factory.py) times that of a new classifier, and decay. Groups in order of their first parameter.
std::vector<ParameterGroup> parameter_groups(const std::vector<NamedTensor>& parameters, const LayerGroups& layers,
                                             const GroupingOptions& options);

}  // namespace camsweep
