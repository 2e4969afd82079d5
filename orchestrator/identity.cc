#include "orchestrator/identity.h"

#include <algorithm>
#include <array>
#include <utility>

#include "schemas/hash.h"
#include "schemas/parameters.h"

namespace camsweep {
namespace {

// Names of the parameters that a stage's result depends on, sorted. `pretraining` is named by its SHA-256 instead.
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

Json stage_values(Stage stage, const Json& cell) {
  Json::object_t values;
  for (const std::string& name : stage_parameters(stage)) {
    const auto value = cell.find(name);
    if (value != cell.end()) values.emplace_hint(values.end(), name, *value);
  }
  return values;
}

JobId hash_of(const Json& identity) { return {sha256(canonical(identity))}; }

}  // namespace

int stage_version(Stage) { return 1; }

std::string cell_id(const Json& parameters) { return sha256(canonical(parameters)); }

JobSpec make_train_job(const IdentityContext& context, const TrainInputs& inputs) {
  Json parameters = stage_values(Stage::kTrain, inputs.cell);
  parameters["seed"] = inputs.seed;
  parameters["snapshots"] = inputs.snapshots;
  parameters["variant"] = inputs.variant;

  JobSpec job;
  job.stage = Stage::kTrain;
  job.dataset = context.dataset;
  job.pretraining_file = inputs.pretraining.path;
  job.gang = inputs.cell.at("gang");
  job.identity = Json::object_t{
      {"dataset", context.dataset_fingerprint},
      {"needs", Json::array()},
      {"parameters", std::move(parameters)},
      {"pretraining", inputs.pretraining.path.empty() ? Json() : Json(inputs.pretraining.sha256)},
      {"stage", stage_name(job.stage)},
      {"version", stage_version(job.stage)},
  };
  job.id = hash_of(job.identity);
  return job;
}

JobSpec make_analysis_job(const IdentityContext& context, const Json& cell, const AnalysisSpec& analysis,
                          const JobId& train, std::optional<int> at) {
  Json parameters = stage_values(analysis.stage, cell);
  parameters.update(analysis.options);
  parameters["at"] = at ? Json(*at) : Json();

  JobSpec job;
  job.stage = analysis.stage;
  job.dataset = context.dataset;
  job.needs = {train};
  job.at_epoch = at;
  job.gang = analysis.gang;
  job.identity = Json::object_t{
      {"dataset", context.dataset_fingerprint}, {"needs", Json::array({train.hex})},
      {"parameters", std::move(parameters)},    {"pretraining", Json()},
      {"stage", stage_name(job.stage)},         {"version", stage_version(job.stage)},
  };
  job.id = hash_of(job.identity);
  return job;
}

}  // namespace camsweep
