#include "schemas/sweep_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "embedded.h"
#include "schemas/backbone_catalog.h"
#include "schemas/error.h"
#include "schemas/files.h"
#include "schemas/parameters.h"
#include "schemas/schema_validation.h"
#include "schemas/sweep_reading.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

void read_seeds(const SweepReading& reading, SweepSpec& sweep) {
  const Json* replicates = reading.find("replicates");
  const Json* seeds = reading.find("seeds");
  if (replicates && seeds) reading.problem("/seeds", "found `replicates` and `seeds`, expected one of them");
  if (replicates) {
    sweep.seeds.clear();
    for (int64_t seed = 0; seed < replicates->get<int64_t>(); ++seed) sweep.seeds.push_back(seed);
  }
  if (seeds) {
    sweep.seeds = seeds->get<std::vector<int64_t>>();
    const std::set<int64_t> different(sweep.seeds.begin(), sweep.seeds.end());
    if (different.size() != sweep.seeds.size()) reading.problem("/seeds", "a seed stands twice");
  }
}

void read_snapshots(const SweepReading& reading, SweepSpec& sweep) {
  if (const Json* snapshots = reading.find("snapshots")) {
    const std::set<int> epochs(snapshots->begin(), snapshots->end());
    if (epochs.size() != snapshots->size()) reading.problem("/snapshots", "an epoch stands twice");
    sweep.snapshots.assign(epochs.begin(), epochs.end());
  }
}

void check_dataset(const SweepReading& reading, const Json& dataset) {
  const std::string kind = dataset.at("kind");
  const std::map<std::string, std::vector<std::string>> allowed = {
      {"cub", {"root", "classes"}},
      {"wsol", {"root", "images", "metadata", "classes"}},
      {"folder", {"root", "classes"}},
      {"synth", {"classes", "train", "val", "test", "side", "seed"}},
      {"signals", {"train", "test", "length", "periods", "segment", "noise", "seed"}}};
  const std::vector<std::string>& keys = allowed.at(kind);
  for (const auto& [key, _] : dataset.items()) {
    const bool fits = key == "kind" || std::find(keys.begin(), keys.end(), key) != keys.end();
    if (!fits) reading.problem("/dataset/" + key, fmt::format("a data set of kind '{}' has no '{}'", kind, key));
  }
  const bool given_apart = kind == "wsol" && dataset.contains("images") && dataset.contains("metadata");
  const bool has_root = std::find(keys.begin(), keys.end(), "root") != keys.end();
  if (has_root && !dataset.contains("root") && !given_apart) {
    reading.problem("/dataset", fmt::format("a data set of kind '{}' needs its `root`", kind));
  }
}

void read_backbones(const SweepReading& reading, SweepSpec& sweep) {
  if (const Json* backbones = reading.find("backbones")) sweep.backbones = *backbones;
  for (const auto& [name, _] : sweep.backbones.items()) {
    try {
      find_backbone(name, sweep.backbones);
    } catch (const ConfigError& error) {
      reading.problem("/backbones" + pointer_step(name), error.what());
    }
  }
}

void read_checkpoints(const SweepReading& reading, SweepSpec& sweep) {
  const Json* checkpoints = reading.find("checkpoints");
  if (!checkpoints) return;
  sweep.checkpoints.folder = checkpoints->value("folder", "");
  if (!checkpoints->contains("catalog")) return;
  const std::filesystem::path own = checkpoints->at("catalog").get<std::string>();
  const std::filesystem::path file = resolve_path(own.string(), sweep.file);
  try {
    sweep.checkpoints.own = load_checkpoint_catalog(file.empty() ? own : file, sweep.backbones);
  } catch (const ConfigError& error) {
    reading.problem("/checkpoints/catalog", error.what());
  }
}

}  // namespace

void check_value(const SweepReading& reading, const std::string& parameter, const Json& value,
                 const std::string& pointer) {
  const ParameterInfo* info = find_parameter(parameter);
  CAMSWEEP_CHECK(info != nullptr, "the schema lets known parameters through alone");
  if (const auto problem = parameter_problem(*info, value)) return reading.problem(pointer, *problem);
  if (parameter != "backbone") return;
  try {
    const Json* custom = reading.find("backbones");
    find_backbone(value.get<std::string>(), custom ? *custom : Json::object());
  } catch (const ConfigError& error) {
    reading.problem(pointer, error.what());
  }
}

SweepSpec read_sweep(std::string_view text, const std::string& file) {
  YamlDocument document = parse_yaml(text, file);
  document.root = normalized(std::move(document.root));
  Diagnostics problems;
  const SweepReading reading{document, problems};
  static const Json schema = Json::parse(kSweepSchema);
  add_violations(document, schema, problems);
  problems.throw_if_any();

  SweepSpec sweep;
  sweep.file = file;
  sweep.text = std::string(text);
  sweep.name = document.root.at("sweep");
  sweep.dataset = document.root.at("dataset");
  check_dataset(reading, sweep.dataset);
  read_backbones(reading, sweep);
  read_checkpoints(reading, sweep);
  if (const Json* defaults = reading.find("defaults")) {
    sweep.defaults = *defaults;
    for (const auto& [name, value] : defaults->items()) check_value(reading, name, value, "/defaults/" + name);
  }
  read_matrix(reading, sweep);
  read_seeds(reading, sweep);
  read_rules(reading, sweep);
  read_snapshots(reading, sweep);
  read_analyses(reading, sweep);
  read_report(reading, sweep);
  read_limits(reading, sweep);
  sweep.keep_state = reading.find("keep") != nullptr;
  problems.throw_if_any();
  return sweep;
}

SweepSpec load_sweep(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    throw ConfigError(fmt::format("{}: there is no such sweep file", file.string()));
  }
  if (std::filesystem::file_size(file, error) > kMaxYamlBytes) {  // Not read at all: it may be of any size.
    throw ConfigError(fmt::format("{}: larger than {}", file.string(), format_bytes(kMaxYamlBytes)));
  }
  return read_sweep(read_file(file), file.string());
}

}  // namespace camsweep
