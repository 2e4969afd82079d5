#include "results/table_notes.h"

#include <algorithm>
#include <set>
#include <utility>

#include "schemas/parameters.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

std::string floor_titles(const Table& table) {
  std::vector<std::string> titles;
  for (const FloorRow& floor : table.floors) titles.push_back(floor.title);
  return join(titles);
}

std::vector<std::string> mark_notes(const Table& table) {
  std::set<Missing> missing;
  bool deviations = false;
  bool partial = false;
  bool on_test = false;
  for (const TableRow& row : table.rows) {
    for (const TableField& field : row.fields) {
      if (!field.summary) missing.insert(field.missing);
      deviations = deviations || (field.summary && field.summary->std);
      partial = partial || field.partial();
      on_test = on_test || field.selected_on_test;
    }
  }
  std::vector<std::string> notes;
  if (deviations) notes.push_back("mean ± sample standard deviation over n replicates");
  if (partial) notes.push_back("n=1 of 2: other replicates have no number yet, or none that is finite");
  if (!table.floors.empty()) notes.push_back(floor_titles(table) + ": what a box gets that ignores the image");
  if (missing.contains(Missing::kPending)) notes.push_back("… not run yet");
  if (missing.contains(Missing::kFailed)) notes.push_back("✗ failed");
  if (missing.contains(Missing::kNotReported)) notes.push_back("· not reported by its jobs");
  if (missing.contains(Missing::kNotInGrid)) notes.push_back("– not in the grid");
  if (on_test) notes.push_back("† selected on the test split");
  return notes;
}

// What all cells share and a reader would not guess: parameters that are not at their default.
std::string constant_note(const Comparison& comparison) {
  std::vector<std::string> constants;
  for (const std::string& name : parameter_names()) {
    const auto value_in = [&](const ComparedCell& cell) { return cell.parameters.value(name, Json()); };
    const Json value = value_in(comparison.cells.front());
    const bool same = std::all_of(comparison.cells.begin(), comparison.cells.end(),
                                  [&](const ComparedCell& cell) { return value_in(cell) == value; });
    if (same && !value.is_null() && value != find_parameter(name)->default_value) {
      constants.push_back(name + " " + parameter_text(value));
    }
  }
  return constants.empty() ? "" : "in all cells: " + join(constants);
}

}  // namespace

std::vector<std::string> table_notes(const Table& table, const Comparison& comparison) {
  std::vector<std::string> notes = mark_notes(table);
  if (std::string note = constant_note(comparison); !note.empty()) notes.push_back(std::move(note));
  return notes;
}

}  // namespace camsweep
