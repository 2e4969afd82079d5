#include <fmt/format.h>

#include <string>

#include "schemas/parameters.h"
#include "schemas/sweep_reading.h"

namespace camsweep {
namespace {

bool is_parameter(const std::string& key) { return find_parameter(key) != nullptr; }

// A list means any of its values, but for a parameter whose value is itself a list of numbers.
void check_alternatives(const SweepReading& reading, const std::string& name, const Json& value,
                        const std::string& pointer) {
  const bool one_list_value = find_parameter(name)->type == "numbers" && !value.empty() && !value[0].is_array();
  if (!value.is_array() || one_list_value) return check_value(reading, name, value, pointer);
  for (size_t i = 0; i < value.size(); ++i) check_value(reading, name, value[i], fmt::format("{}/{}", pointer, i));
}

Rule read_common(const SweepReading& reading, const Json& entry, const std::string& pointer) {
  Rule rule;
  rule.optional = entry.value("optional", false);
  rule.why = entry.value("why", "");
  rule.place = reading.document.place(pointer);
  return rule;
}

// The parameters among the keys of an entry of exclude or include.
Json read_parameters(const SweepReading& reading, const Json& entry, const std::string& pointer) {
  Json parameters = Json::object();
  for (const auto& [key, value] : entry.items()) {
    if (!is_parameter(key)) continue;
    check_alternatives(reading, key, value, pointer + pointer_step(key));
    parameters[key] = value;
  }
  if (parameters.empty()) reading.problem(pointer, "this rule names no parameter");
  return parameters;
}

Rule read_set(const SweepReading& reading, const Json& entry, const std::string& pointer) {
  Rule rule = read_common(reading, entry, pointer);
  rule.match = read_parameters(reading, entry.at("when"), pointer + "/when");
  for (const auto& [key, value] : entry.items()) {
    if (!is_parameter(key)) continue;
    check_value(reading, key, value, pointer + pointer_step(key));
    rule.values[key] = value;
  }
  if (rule.values.empty()) reading.problem(pointer, "this rule sets no parameter");
  return rule;
}

void read_derivations(const SweepReading& reading, SweepSpec& sweep) {
  const Json* derive = reading.find("derive");
  if (!derive) return;
  for (const auto& [name, value] : derive->items()) {
    const std::string pointer = "/derive" + pointer_step(name);
    if (value.is_structured() || value.is_boolean()) {
      reading.problem(pointer, fmt::format("found {}, expected an expression", value.dump()));
      continue;
    }
    const std::string expression = value.is_string() ? value.get<std::string>() : value.dump();
    sweep.derive.push_back({name, expression, reading.document.place(pointer)});
  }
}

}  // namespace

void read_rules(const SweepReading& reading, SweepSpec& sweep) {
  const auto each = [&](const std::string& key, auto&& read) {
    const Json* entries = reading.find(key);
    for (size_t i = 0; entries && i < entries->size(); ++i) read((*entries)[i], fmt::format("/{}/{}", key, i));
  };
  each("exclude", [&](const Json& entry, const std::string& pointer) {
    Rule rule = read_common(reading, entry, pointer);
    rule.match = read_parameters(reading, entry, pointer);
    sweep.exclude.push_back(std::move(rule));
  });
  each("include", [&](const Json& entry, const std::string& pointer) {
    Rule rule = read_common(reading, entry, pointer);
    rule.values = read_parameters(reading, entry, pointer);
    sweep.include.push_back(std::move(rule));
  });
  each("set",
       [&](const Json& entry, const std::string& pointer) { sweep.set.push_back(read_set(reading, entry, pointer)); });
  read_derivations(reading, sweep);
}

}  // namespace camsweep
