#include "orchestrator/matrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "schemas/error.h"
#include "schemas/parameters.h"

namespace camsweep {
namespace {

__extension__ typedef unsigned __int128 Count;

// Large enough to be refused and small enough that sums of such numbers fit.
constexpr Count kUncountable = Count{1} << 100;

Count product_size(const std::vector<Axis>& axes, const std::vector<std::vector<std::string>>& zips);

Count axis_size(const Axis& axis) {
  if (axis.own_axes.empty()) return axis.values.size();
  Count size = 0;
  for (const std::vector<Axis>& own : axis.own_axes) size += product_size(own, {});
  return size;
}

// The names tied to a leading axis, itself first; only the leading one is multiplied.
std::vector<std::string> tied_to(const std::string& name, const std::vector<std::vector<std::string>>& zips) {
  for (const std::vector<std::string>& zip : zips) {
    if (std::find(zip.begin(), zip.end(), name) != zip.end()) return zip;
  }
  return {name};
}

Count product_size(const std::vector<Axis>& axes, const std::vector<std::vector<std::string>>& zips) {
  Count size = 1;
  for (const Axis& axis : axes) {
    if (tied_to(axis.name, zips).front() != axis.name) continue;
    size *= axis_size(axis);  // Below 2^100 times below 2^27: fits.
    if (size > kUncountable) return kUncountable;
  }
  return size;
}

std::string count_text(Count count) {
  if (count < Count{1'000'000'000}) return std::to_string(static_cast<uint64_t>(count));
  return fmt::format("{}{:.3g}", count >= kUncountable ? "more than " : "", static_cast<double>(count));
}

// Each row times each value of the axis, and of the axes that the value brings; the last axis varies fastest.
std::vector<Row> cross(const std::vector<Row>& rows, const Axis& axis) {
  std::vector<Row> grown;
  grown.reserve(rows.size() * axis.values.size());
  for (const Row& row : rows) {
    for (size_t i = 0; i < axis.values.size(); ++i) {
      std::vector<Row> brought = {row};
      brought[0][parameter_position(axis.name)] = &axis.values[i];
      if (!axis.own_axes.empty()) {
        for (const Axis& own : axis.own_axes[i]) brought = cross(brought, own);
      }
      std::move(brought.begin(), brought.end(), std::back_inserter(grown));
    }
  }
  return grown;
}

}  // namespace

void check_size(const SweepSpec& sweep) {
  const Count cells = product_size(sweep.axes, sweep.zips);
  const Count jobs = cells * sweep.seeds.size();
  if (jobs <= sweep.limits.max_jobs) return;
  throw ConfigError(fmt::format(
      "{}: the matrix has {} cells, times {} seeds = {} jobs of one stage; allowed are {} (limits: {{max_jobs: N}} "
      "raises it)",
      sweep.file.string(), count_text(cells), sweep.seeds.size(), count_text(jobs), sweep.limits.max_jobs));
}

std::vector<Row> matrix_rows(const SweepSpec& sweep) {
  std::vector<Row> rows = {Row(parameter_table().size())};
  for (const auto& [name, value] : sweep.constants.items()) rows[0][parameter_position(name)] = &value;
  for (const Axis& axis : sweep.axes) {
    const std::vector<std::string> tied = tied_to(axis.name, sweep.zips);
    if (tied.front() == axis.name) rows = cross(rows, axis);
  }
  for (const std::vector<std::string>& zip : sweep.zips) {
    const auto find_axis = [&](const std::string& name) -> const std::vector<Json>& {
      return std::find_if(sweep.axes.begin(), sweep.axes.end(), [&](const Axis& a) { return a.name == name; })->values;
    };
    const std::vector<Json>& leading = find_axis(zip.front());
    for (Row& row : rows) {
      const auto index = row[parameter_position(zip.front())] - leading.data();
      for (size_t i = 1; i < zip.size(); ++i) {
        row[parameter_position(zip[i])] = &find_axis(zip[i])[static_cast<size_t>(index)];
      }
    }
  }
  return rows;
}

}  // namespace camsweep
