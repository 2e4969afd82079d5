#include "orchestrator/identity.h"

#include <algorithm>
#include <array>
#include <utility>

#include "schemas/parameters.h"

namespace camsweep {
namespace {

Json stage_values(Stage stage, const Json& cell) {
  Json::object_t values;
  for (const std::string& name : stage_parameters(stage)) {
    const auto value = cell.find(name);
    if (value != cell.end()) values.emplace_hint(values.end(), name, *value);
  }
  return values;
}

// Moves what it is given into the identity: an initializer list would copy it.
Json make_identity(const std::string& dataset_fingerprint, Stage stage, Json parameters, Json needs, Json pretraining) {
  Json identity = Json::object();
  identity["dataset"] = dataset_fingerprint;
  identity["needs"] = std::move(needs);
  identity["parameters"] = std::move(parameters);
  identity["pretraining"] = std::move(pretraining);
  identity["stage"] = stage_name(stage);
  identity["version"] = stage_version(stage);
  return identity;
}

}  // namespace

int stage_version(Stage) { return 1; }

const std::vector<std::string>& stage_parameters(Stage stage) {
  static const auto all = [] {
    std::array<std::vector<std::string>, 5> names;
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

Json train_identity(const std::string& dataset_fingerprint, const TrainInputs& inputs) {
  Json parameters = stage_values(Stage::kTrain, inputs.cell);
  parameters["seed"] = inputs.seed;
  parameters["snapshots"] = inputs.snapshots;
  parameters["variant"] = inputs.variant;
  return make_identity(dataset_fingerprint, Stage::kTrain, std::move(parameters), Json::array(),
                       inputs.pretraining.path.empty() ? Json() : Json(inputs.pretraining.sha256));
}

Json analysis_identity(const std::string& dataset_fingerprint, const Json& cell, const AnalysisSpec& analysis,
                       const JobId& train, std::optional<int> at) {
  Json parameters = stage_values(analysis.stage, cell);
  parameters.update(analysis.options);
  parameters["at"] = at ? Json(*at) : Json();
  return make_identity(dataset_fingerprint, analysis.stage, std::move(parameters), Json::array({train.hex}), Json());
}

}  // namespace camsweep
