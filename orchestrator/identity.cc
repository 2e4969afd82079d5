#include "orchestrator/identity.h"

#include <algorithm>
#include <array>

#include "schemas/parameters.h"

namespace camsweep {

int stage_version(Stage stage) {
  switch (stage) {
    case Stage::kTrain:  // 2: augmentation is the recipe's, field by field
      return 2;
    case Stage::kLocalize:  // 2: baselines beside every method; components in float32. 3: constant maps stay constant
      return 3;
    case Stage::kPca:  // 2: components in float32
      return 2;
    case Stage::kSvm:  // 2: stratified folds
      return 2;
    default:
      return 1;
  }
}

const std::vector<std::string>& stage_parameters(Stage stage) {
  static const auto all = [] {
    std::array<std::vector<std::string>, kAllStages.size()> names;
    for (const ParameterInfo& info : parameter_table()) {
      for (const Stage used_by : info.stages) {
        if (info.name != "pretraining") names[static_cast<size_t>(used_by)].emplace_back(info.name);
      }
    }
    for (std::vector<std::string>& list : names) std::sort(list.begin(), list.end());
    return names;
  }();
  return all[static_cast<size_t>(stage)];
}

}  // namespace camsweep
