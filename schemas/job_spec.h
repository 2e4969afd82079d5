#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/json.h"

namespace camsweep {

// SHA-256 of a job's canonical identity, 64 hexadecimal digits. People see the first ten.
struct JobId {
  std::string hex;
  auto operator<=>(const JobId&) const = default;
  std::string short_form() const { return hex.substr(0, 10); }
};

// One step of the work on a cell. Every analysis needs the weights of a train job.
enum class Stage { kTrain, kLocalize, kErf, kPca, kActivation, kSignals, kSvm };

// All of them, in this order.
inline constexpr std::array kAllStages = {Stage::kTrain,      Stage::kLocalize, Stage::kErf, Stage::kPca,
                                          Stage::kActivation, Stage::kSignals,  Stage::kSvm};

std::string_view stage_name(Stage stage);  // "train", "localize", ...
std::vector<std::string> stage_names();
std::optional<Stage> stage_from_name(std::string_view name);

// One combination of parameter values. Replicates share it: `parameters` holds no seed.
struct Cell {
  std::string id;   // SHA-256 of the canonical parameters
  Json parameters;  // object: every parameter of the cell by name, defaults filled in
};

// One stage of one cell and one seed: what runs on a gang.
struct JobSpec {
  JobId id;
  Stage stage = Stage::kTrain;
  Json identity;                 // what `id` is the hash of: {stage, version, parameters, dataset, needs, ...}
  Json dataset;                  // {kind, root, ...} as the worker opens it; paths do not enter the identity
  std::vector<JobId> needs;      // the train job of an analysis
  std::string pretraining_file;  // "" for random initialization; its SHA-256 is in `identity`
  std::optional<int> at_epoch;   // an analysis of the snapshot of this epoch; none = the final weights
  int gang = 1;                  // ranks

  const Json& parameters() const { return identity.at("parameters"); }
  int64_t seed() const { return parameters().value("seed", int64_t{0}); }
};

// Says that `job` is what stage number `entry` (0 = train, 1.. = entries of `analyses` in order) of a cell and seed
// resolves to. Cells that agree on the training parameters point to one train job.
struct CellJob {
  std::string cell;
  int64_t seed = 0;
  int entry = 0;
  JobId job;
};

}  // namespace camsweep

template <>
struct std::hash<camsweep::JobId> {
  size_t operator()(const camsweep::JobId& id) const noexcept { return std::hash<std::string>{}(id.hex); }
};
