#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "schemas/checkpoint_catalog.h"
#include "schemas/diagnostics.h"
#include "schemas/job_spec.h"
#include "schemas/json.h"

namespace camsweep {

// A list of values of one parameter. A map axis carries, per value, the axes that this value brings; there an
// axis of one value is a constant.
struct Axis {
  std::string name;
  std::vector<Json> values;
  std::vector<std::vector<Axis>> own_axes;  // empty, or one entry per value
};

// One entry of exclude, include or set. `match` (exclude, set): parameter -> value, or list of which any
// matches.
struct Rule {
  Json match = Json::object();
  Json values = Json::object();  // set: what it changes; include: the cell, a list standing for one cell per value
  bool optional = false;
  std::string why;
  SourcePlace place;
};

struct Derivation {
  std::string name;
  std::string expression;
  SourcePlace place;
};

// One entry of `analyses` with its options, defaults filled in. Options
// are those of `methods`, `save_maps`, `images`, `size`, `threshold` that the stage knows
// (sweep_analyses.cc), and parameters of the stage whose value the entry overrides.
struct AnalysisSpec {
  Stage stage = Stage::kLocalize;
  Json options = Json::object();
  std::vector<int> at;  // epochs of snapshots; empty = the final weights
  int gang = 1;
  SourcePlace place;
};

// When a gang is given up, and how often a job is tried.
struct Limits {
  double start_s = 120;    // from spawn to `ready`
  double silence_s = 30;   // without any message
  double no_step_s = 600;  // without a step
  int max_attempts = 3;
  uint64_t max_jobs = 100'000;  // cells times seeds: a typo in a range fails here and does not fill the queue
};

// A sweep file as it is meant, checked against the schema and the catalogs. Made by load_sweep(). Numbers are
// normalized().
struct SweepSpec {
  std::string name;
  std::filesystem::path file;
  std::string text;
  Json dataset = Json::object();
  Json defaults = Json::object();
  Json constants = Json::object();  // scalars of `matrix`
  std::vector<Axis> axes;           // in the order of parameter_table(), whatever the file's
  std::vector<std::vector<std::string>> zips;
  std::vector<Rule> exclude;
  std::vector<Rule> include;
  std::vector<Rule> set;
  std::vector<Derivation> derive;
  std::vector<int64_t> seeds = {0};
  std::vector<int> snapshots;
  std::vector<AnalysisSpec> analyses;
  Json backbones = Json::object();  // custom variants: name -> {family, ...}
  CheckpointSettings checkpoints;
  Json report = Json::object();  // {table: {rows, columns, value}, plots: [...]}
  Limits limits;
  bool keep_state = false;  // `keep: state`: training states stay after acceptance
};

}  // namespace camsweep
