#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "results/database.h"
#include "schemas/json.h"

// What tables, figures and the report are made of, read from the database once: from here on everything is pure.
namespace camsweep {

// A number over the replicates of a cell. std is the sample standard deviation, none for n = 1.
struct Summary {
  double mean = 0;
  std::optional<double> std;
  int64_t n = 0;
};

// Mean, sample standard deviation (divisor n - 1) and n of the values that are finite; none without one.
std::optional<Summary> summarize(const std::vector<double>& values);

struct SeriesPoint {
  double x = 0;
  Summary y;
};

// Ordered by x.
using Series = std::vector<SeriesPoint>;

struct ComparedCell {
  std::string id;
  Json parameters = Json::object();
  std::string family;  // of the backbone, for colours; "" if unknown
  int64_t seeds = 0;   // replicates that the sweep lists, whether they have run or not
  std::map<std::string, Summary> metrics;
  std::map<std::string, Series> histories;  // against the epoch
  std::map<std::string, Series> curves;     // against what the curve is sampled at
  // What two entries of `analyses` report from different jobs: none can be shown.
  std::set<std::string> repeated;  // metrics
  std::set<std::string> repeated_histories;
  std::set<std::string> repeated_curves;
  std::set<std::string> failed_stages;   // with a failed or blocked job
  std::set<std::string> pending_stages;  // with a job that waits or runs
};

struct Overlay {
  std::string cell;
  std::string image;  // id
  std::string method;
  std::filesystem::path file;
};

struct FailedStage {
  std::string job;
  std::string cell;  // the first that needs it
  std::string stage;
  std::string reason;
};

struct Comparison {
  std::string sweep;
  std::string updated_at;
  Json report = Json::object();     // the sweep's `report:` block
  std::vector<ComparedCell> cells;  // in the sweep's order
  std::vector<Overlay> overlays;
  std::vector<FailedStage> failures;
  std::map<std::string, int64_t> jobs;                          // by state
  std::map<std::string, std::vector<std::string>> environment;  // name -> the values that jobs report
  std::string digest;  // SHA-256 of all accepted numbers, whatever the order in which they came
};

// Reads runs/<sweep>/results.db.
Comparison read_comparison(const std::filesystem::path& sweep_folder);

// Parameters that tell the cells apart, in the order of parameter_table(). One that follows from the others (a derived
// learning rate) is left out.
std::vector<std::string> varying_parameters(const std::vector<ComparedCell>& cells);

// "replknet_k13, augmentation on": names a cell by the parameters `varying`.
std::string cell_title(const ComparedCell& cell, const std::vector<std::string>& varying);

// Throws ConfigError if a name is in such a set; `place` is what cannot show it: "field".
void refuse_repeated(const std::set<std::string>& repeated, const std::string& name, std::string_view place);

// A parameter's value as people write it: booleans are on and off.
std::string parameter_text(const Json& value);

}  // namespace camsweep
