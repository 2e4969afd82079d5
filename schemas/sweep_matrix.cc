#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "schemas/parameters.h"
#include "schemas/sweep_reading.h"
#include "schemas/text.h"
#include "schemas/yaml_scalar.h"

namespace camsweep {
namespace {

constexpr double kMaxRangeValues = 100'000;

// 0.1 + 2 * 0.1 is 0.30000000000000004: twelve digits give the number its author means.
Json rounded(double value) { return normalized(std::stod(fmt::format("{:.12g}", value))); }

// {range: [first, last, step]}, last included where a whole number of steps reaches it.
std::vector<Json> range_values(const SweepReading& reading, const Json& range, const std::string& pointer) {
  const double first = range[0];
  const double last = range[1];
  const double step = range[2];
  const double steps = std::floor((last - first) / step + 1e-9);
  if (step == 0 || steps < 0) {
    reading.problem(pointer, "the step never leads from the first value to the last");
    return {};
  }
  if (steps >= kMaxRangeValues) {
    reading.problem(pointer,
                    fmt::format("found a range of {:.0f} values, allowed are {:.0f}", steps + 1, kMaxRangeValues));
    return {};
  }
  std::vector<Json> values;
  for (double i = 0; i <= steps; ++i) values.push_back(rounded(first + i * step));
  return values;
}

bool is_range(const Json& axis) { return axis.is_object() && axis.size() == 1 && axis.contains("range"); }

// A list of numbers is one value of a parameter like normalization_mean, not an axis of three.
bool is_list_axis(const std::string& name, const Json& axis) {
  const bool one_list_value = find_parameter(name)->type == "numbers" && !axis.empty() && !axis[0].is_array();
  return axis.is_array() && !one_list_value;
}

size_t table_position(const std::string& name) {
  const std::vector<std::string>& names = parameter_names();
  return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

std::vector<Axis> read_axes(const SweepReading& reading, const Json& axes, const std::string& pointer);

Axis read_map_axis(const SweepReading& reading, const std::string& name, const Json& map, const std::string& pointer) {
  Axis axis{name, {}, {}};
  for (const auto& [key, own] : map.items()) {
    const bool text = find_parameter(name)->type == "string";
    Json value = text ? Json(key) : normalized(read_plain_scalar(key).value);
    const std::string at = pointer + pointer_step(key);
    check_value(reading, name, value, at);
    axis.values.push_back(std::move(value));
    axis.own_axes.push_back(own.is_null() ? std::vector<Axis>{} : read_axes(reading, own, at));
  }
  return axis;
}

Axis read_axis(const SweepReading& reading, const std::string& name, const Json& value, const std::string& pointer) {
  if (value.is_object() && !is_range(value)) return read_map_axis(reading, name, value, pointer);
  Axis axis{name, {}, {}};
  if (is_range(value)) {
    axis.values = range_values(reading, value.at("range"), pointer);
    // The ends tell whether all are in bounds, the second whether the step leads from whole numbers to whole numbers.
    const size_t count = axis.values.size();
    for (const size_t i : std::set<size_t>{0, 1, count - 1}) {
      if (i < count) check_value(reading, name, axis.values[i], pointer);
    }
    return axis;
  }
  if (!is_list_axis(name, value)) {
    check_value(reading, name, value, pointer);
    axis.values = {value};
    return axis;
  }
  std::set<Json> seen;
  for (size_t i = 0; i < value.size(); ++i) {
    const std::string at = fmt::format("{}/{}", pointer, i);
    check_value(reading, name, value[i], at);
    if (!seen.insert(value[i]).second) reading.problem(at, fmt::format("the value {} stands twice", value[i].dump()));
    axis.values.push_back(value[i]);
  }
  return axis;
}

std::vector<Axis> read_axes(const SweepReading& reading, const Json& axes, const std::string& pointer) {
  std::vector<Axis> result;
  for (const auto& [name, value] : axes.items()) {
    result.push_back(read_axis(reading, name, value, pointer + pointer_step(name)));
  }
  std::sort(result.begin(), result.end(),
            [](const Axis& a, const Axis& b) { return table_position(a.name) < table_position(b.name); });
  return result;
}

// One parameter must not be an axis of the matrix and of a value of another axis.
void check_own_axes(const SweepReading& reading, const Axis& axis, std::set<std::string> outer,
                    const std::string& where) {
  for (size_t i = 0; i < axis.own_axes.size(); ++i) {
    const Json& value = axis.values[i];
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    for (const Axis& own : axis.own_axes[i]) {
      const std::string pointer = where + pointer_step(text);
      if (outer.count(own.name) != 0) {
        reading.problem(pointer + "/" + own.name,
                        fmt::format("'{}' also stands in an outer mapping of the matrix", own.name));
      }
      std::set<std::string> names = outer;
      names.insert(own.name);
      check_own_axes(reading, own, names, pointer + "/" + own.name);
    }
  }
}

// A value of a map axis as a step of a JSON pointer.
std::string value_step(const Json& value) {
  return pointer_step(value.is_string() ? value.get<std::string>() : value.dump());
}

// Every parameter that values of the axis bring, at any depth, with the place of its first.
void collect_brought(const Axis& axis, const std::string& where, std::map<std::string, std::string>& brought) {
  for (size_t i = 0; i < axis.own_axes.size(); ++i) {
    const std::string pointer = where + value_step(axis.values[i]);
    for (const Axis& own : axis.own_axes[i]) {
      brought.emplace(own.name, pointer + "/" + own.name);
      collect_brought(own, pointer + "/" + own.name, brought);
    }
  }
}

// Two axes side by side must not bring the same parameter: the later would silently replace the value of the earlier.
void check_siblings(const SweepReading& reading, const std::vector<Axis>& axes, const std::string& where) {
  std::map<std::string, std::string> bringers;  // parameter -> axis
  for (const Axis& axis : axes) {
    std::map<std::string, std::string> brought;
    collect_brought(axis, where + "/" + axis.name, brought);
    for (const auto& [name, pointer] : brought) {
      const auto [first, is_new] = bringers.emplace(name, axis.name);
      if (is_new) continue;
      reading.problem(pointer,
                      fmt::format("values of '{}' bring '{}' too: one of the two would be lost", first->second, name));
    }
    for (size_t i = 0; i < axis.own_axes.size(); ++i) {
      check_siblings(reading, axis.own_axes[i], where + "/" + axis.name + value_step(axis.values[i]));
    }
  }
}

void read_zips(const SweepReading& reading, SweepSpec& sweep) {
  const Json* zips = reading.find("zip");
  if (!zips) return;
  std::set<std::string> tied;
  for (size_t i = 0; i < zips->size(); ++i) {
    const std::vector<std::string> names = (*zips)[i].get<std::vector<std::string>>();
    std::vector<size_t> lengths;
    for (size_t j = 0; j < names.size(); ++j) {
      const auto axis =
          std::find_if(sweep.axes.begin(), sweep.axes.end(), [&](const Axis& a) { return a.name == names[j]; });
      const std::string pointer = fmt::format("/zip/{}/{}", i, j);
      if (axis == sweep.axes.end() || !axis->own_axes.empty()) {
        reading.problem(pointer, fmt::format("found '{}', expected an axis of the matrix that is a list", names[j]));
      } else if (!tied.insert(names[j]).second) {
        reading.problem(pointer, fmt::format("'{}' is already tied", names[j]));
      } else {
        lengths.push_back(axis->values.size());
      }
    }
    if (std::set<size_t>(lengths.begin(), lengths.end()).size() > 1) {
      reading.problem(fmt::format("/zip/{}", i),
                      fmt::format("axes of different lengths cannot be tied: {}", fmt::join(lengths, ", ")));
    }
    sweep.zips.push_back(names);
  }
}

}  // namespace

void read_matrix(const SweepReading& reading, SweepSpec& sweep) {
  const Json& matrix = reading.root().at("matrix");
  if (matrix.is_null()) return reading.problem("/matrix", "found nothing, expected a mapping of parameters to values");
  std::set<std::string> names;
  for (Axis& axis : read_axes(reading, matrix, "/matrix")) {
    names.insert(axis.name);
    const Json& value = matrix.at(axis.name);
    const bool constant = !value.is_object() && !is_list_axis(axis.name, value);
    if (constant) {
      sweep.constants[axis.name] = axis.values.front();
    } else {
      sweep.axes.push_back(std::move(axis));
    }
  }
  for (const Axis& axis : sweep.axes) check_own_axes(reading, axis, names, "/matrix/" + axis.name);
  check_siblings(reading, sweep.axes, "/matrix");
  read_zips(reading, sweep);
}

}  // namespace camsweep
