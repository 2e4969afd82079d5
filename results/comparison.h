#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
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

struct HistoryPoint {
  int64_t epoch = 0;
  double value = 0;
};

struct CurveSeries {
  std::string x_name;
  std::vector<double> x;
  std::vector<double> y;  // mean over replicates
};

struct ComparedCell {
  std::string id;
  Json parameters = Json::object();
  std::string family;  // of the backbone, for colours; "" if unknown
  std::map<std::string, Summary> metrics;
  std::map<std::string, std::vector<HistoryPoint>> histories;  // replicates one after another
  std::map<std::string, CurveSeries> curves;
  int64_t failed = 0;  // jobs of this cell by state
  int64_t pending = 0;
};

struct Overlay {
  std::string cell;
  std::string image;  // id
  std::string method;
  std::filesystem::path file;
};

struct FailedStage {
  std::string job;
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
  std::map<std::string, int64_t> jobs;  // by state
  Json environment = Json::object();    // of the latest job
};

// Reads runs/<sweep>/results.db.
Comparison read_comparison(const std::filesystem::path& sweep_folder);

// The fewest parameters that tell all cells apart: the backbone first, then by name; one that only follows another (a
// recipe's label smoothing with augmentation) is left out.
std::vector<std::string> varying_parameters(const std::vector<ComparedCell>& cells);

// "replknet_k13, augmentation on": names a cell by its varying parameters, those in `without` left out.
std::string cell_title(const ComparedCell& cell, const std::vector<std::string>& varying);

// A parameter's value as people write it.
std::string parameter_text(const Json& value);

}  // namespace camsweep
