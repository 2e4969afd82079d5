#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "schemas/map_methods.h"
#include "workers/commands/commands.h"
#include "workers/commands/published_weights.h"

namespace camsweep {

// What `camsweep localize` is told.
struct LocalizeArguments {
  ModelRequest model;
  int size = 0;  // 0: as trained
  int side = 224;
  double threshold = 0.2;
  std::vector<std::string> methods = {"cam"};
  std::vector<std::string> classes = {"predicted"};
  std::vector<std::string> pictures;
  std::string images;
  std::string metadata;
  std::string train_set;  // empty: none
  std::string out;
  std::string sheet;              // empty: none
  Json options = Json::object();  // of maps, as a sweep file names them
  bool json = false;
};

// Its options; every parameter that makes a map among them: cam_weight is --cam-weight.
void add_localize_options(CLI::App& command, LocalizeArguments& arguments);

// A class as it was asked for: "gt", "predicted" or a number.
struct ClassChoice {
  std::string name;
  std::optional<int64_t> number;
};

// Of a network that knows `classes`. Throws ConfigError for another name, and for gt without metadata.
std::vector<ClassChoice> class_choices(const LocalizeArguments& arguments, int classes);

// Throws ConfigError for an unknown name, and for ddt without a train set.
std::vector<MapMethod> map_methods_of(const LocalizeArguments& arguments);

}  // namespace camsweep
