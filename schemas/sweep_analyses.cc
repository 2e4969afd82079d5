#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "schemas/error.h"
#include "schemas/parameters.h"
#include "schemas/sweep_reading.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

// Options of a stage that are no parameters, with their defaults; `methods` must be given.
Json default_options(Stage stage) {
  switch (stage) {
    case Stage::kLocalize:
      return {{"save_maps", 12}};
    case Stage::kErf:
      return {{"images", 100}, {"size", 1024}};
    case Stage::kPca:
      return {{"images", 1000}};
    case Stage::kActivation:
      return {{"images", 100}, {"threshold", 10}};
    case Stage::kSignals:
    case Stage::kSvm:
      return Json::object();
    case Stage::kTrain:
      break;
  }
  CAMSWEEP_CHECK(false, "training is no entry of `analyses`");
  return {};
}

// Methods in one order and once each: how they are listed does not change what is computed.
Json sorted_methods(const Json& methods) {
  const std::set<std::string> names(methods.begin(), methods.end());
  return std::vector<std::string>(names.begin(), names.end());
}

AnalysisSpec read_analysis(const SweepReading& reading, const Json& entry, const std::string& pointer) {
  const std::string name = entry.is_string() ? entry.get<std::string>() : entry.begin().key();
  AnalysisSpec analysis;
  analysis.stage = *stage_from_name(name);
  analysis.options = default_options(analysis.stage);
  analysis.place = reading.document.place(pointer);
  if (entry.is_string() || entry.begin()->is_null()) return analysis;

  const Json& given = *entry.begin();
  const std::string where = pointer + "/" + name;
  if (given.is_array()) {  // localize: [cam, pc1]
    analysis.options["methods"] = sorted_methods(given);
    return analysis;
  }
  for (const auto& [key, value] : given.items()) {
    if (key == "at") {
      const std::set<int> epochs(value.begin(), value.end());
      analysis.at.assign(epochs.begin(), epochs.end());
    } else if (key == "gang") {
      analysis.gang = value;
    } else {
      if (find_parameter(key)) check_value(reading, key, value, where + pointer_step(key));
      analysis.options[key] = key == "methods" ? sorted_methods(value) : value;
    }
  }
  return analysis;
}

}  // namespace

void read_analyses(const SweepReading& reading, SweepSpec& sweep) {
  const Json* analyses = reading.find("analyses");
  for (size_t i = 0; analyses && i < analyses->size(); ++i) {
    const std::string pointer = fmt::format("/analyses/{}", i);
    AnalysisSpec analysis = read_analysis(reading, (*analyses)[i], pointer);
    const auto same = std::find_if(sweep.analyses.begin(), sweep.analyses.end(), [&](const AnalysisSpec& other) {
      return other.stage == analysis.stage && other.options == analysis.options && other.at == analysis.at;
    });
    if (same != sweep.analyses.end()) {
      reading.problem(pointer, fmt::format("this analysis already stands at {}", same->place.text()));
    }
    sweep.analyses.push_back(std::move(analysis));
  }
}

}  // namespace camsweep
