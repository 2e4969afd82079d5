#include "orchestrator/overrides.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "orchestrator/rules.h"
#include "schemas/backbone_catalog.h"
#include "schemas/error.h"
#include "schemas/parameters.h"
#include "schemas/text.h"
#include "schemas/yaml_scalar.h"

namespace camsweep {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts = {""};
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

Json read_scalar(const std::string& text, bool as_text) {
  if (as_text) return text;
  const ScalarReading reading = read_plain_scalar(text);
  if (!reading.problem.empty()) throw ConfigError(reading.problem);
  return normalized(reading.value);
}

std::vector<Json> read_values(const SweepSpec& sweep, const ParameterInfo& parameter, const std::string& text) {
  std::vector<Json> values;
  for (const std::string& part : split(text, ',')) values.push_back(read_scalar(part, parameter.type == "string"));
  if (parameter.type == "numbers") values = {Json(values)};
  for (const Json& value : values) {
    if (const auto problem = parameter_problem(parameter, value)) throw ConfigError(*problem);
    if (parameter.name == "backbone") find_backbone(value.get<std::string>(), sweep.backbones);
    if (std::count(values.begin(), values.end(), value) > 1) throw ConfigError("a value stands twice");
  }
  return values;
}

// Takes an axis out at any depth.
void remove_axis(std::vector<Axis>& axes, const std::string& name) {
  std::erase_if(axes, [&](const Axis& axis) { return axis.name == name; });
  for (Axis& axis : axes) {
    for (std::vector<Axis>& own : axis.own_axes) remove_axis(own, name);
  }
}

// Puts an axis in the place of whatever gave the parameter. What a value of a map axis brings stays with that value.
void replace(SweepSpec& sweep, const std::string& name, const std::vector<Json>& values) {
  Axis axis{name, values, {}};
  for (const Axis& old : sweep.axes) {
    if (old.name != name || old.own_axes.empty()) continue;
    axis.own_axes.resize(values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      const auto found = std::find(old.values.begin(), old.values.end(), values[i]);
      if (found != old.values.end()) {
        axis.own_axes[i] = old.own_axes[static_cast<size_t>(found - old.values.begin())];
      }
    }
  }
  remove_axis(sweep.axes, name);
  sweep.constants.erase(name);
  const auto after = std::find_if(sweep.axes.begin(), sweep.axes.end(), [&](const Axis& other) {
    return parameter_position(other.name) > parameter_position(name);
  });
  sweep.axes.insert(after, std::move(axis));

  for (std::vector<std::string>& zip : sweep.zips) std::erase(zip, name);
  std::erase_if(sweep.zips, [](const auto& zip) { return zip.size() < 2; });
  for (Rule& rule : sweep.include) rule.values[name] = values;
  for (Rule& rule : sweep.set) rule.values.erase(name);
  std::erase_if(sweep.set, [](const Rule& rule) { return rule.values.empty(); });
  std::erase_if(sweep.derive, [&](const Derivation& derivation) { return derivation.name == name; });
}

void apply(SweepSpec& sweep, const std::string& name, const std::string& text) {
  if (name == "replicates") {
    const Json count = read_plain_scalar(text).value;
    if (!count.is_number_integer() || count < 1 || count > 10000) {
      throw ConfigError(fmt::format("found '{}', expected an integer from 1 to 10000", text));
    }
    sweep.seeds.clear();
    for (int64_t seed = 0; seed < count.get<int64_t>(); ++seed) sweep.seeds.push_back(seed);
    return;
  }
  const std::vector<std::string>& known = parameter_names();
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    throw ConfigError(fmt::format("'{}' is no parameter{}", name, did_you_mean(name, known)));
  }
  replace(sweep, name, read_values(sweep, *find_parameter(name), text));
}

}  // namespace

void apply_overrides(SweepSpec& sweep, const std::vector<std::string>& overrides) {
  for (const std::string& override_text : overrides) {
    const size_t equals = override_text.find('=');
    if (equals == std::string::npos) {
      throw ConfigError(fmt::format("'{}': expected key=value, like epochs=50", override_text));
    }
    try {
      apply(sweep, override_text.substr(0, equals), override_text.substr(equals + 1));
    } catch (const ConfigError& error) {
      throw ConfigError(fmt::format("{}: {}", override_text, error.what()));
    }
  }
}

}  // namespace camsweep
