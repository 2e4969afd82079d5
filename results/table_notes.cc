#include "results/table_notes.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "schemas/parameters.h"
#include "schemas/recipes.h"
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

// The values of cells' recipes, which have a name of their own: each is looked up once.
class RecipeValues {
 public:
  // What a reader expects of a cell's parameter: its recipe's value, or the default.
  const Json& expected(const ComparedCell& cell, const std::string& name) {
    const Json& values = of(cell.parameters.value("recipe", ""), cell.parameters.value("augmentation", true));
    return values.contains(name) ? values.at(name) : find_parameter(name)->default_value;
  }

 private:
  const Json& of(const std::string& recipe, bool augmentation) {
    const auto [found, is_new] = values_.try_emplace({recipe, augmentation}, Json::object());
    const std::vector<std::string>& known = recipe_names();
    if (is_new && std::find(known.begin(), known.end(), recipe) != known.end()) {
      found->second = recipe_values(find_recipe(recipe), augmentation);
    }
    return found->second;
  }

  std::map<std::pair<std::string, bool>, Json> values_;
};

// What all cells share and a reader would not guess: parameters that are at neither their default nor their recipe's.
std::string constant_note(const Comparison& comparison) {
  std::vector<std::string> constants;
  RecipeValues recipes;
  for (const std::string& name : parameter_names()) {
    const auto value_in = [&](const ComparedCell& cell) { return cell.parameters.value(name, Json()); };
    const Json value = value_in(comparison.cells.front());
    const bool same = std::all_of(comparison.cells.begin(), comparison.cells.end(),
                                  [&](const ComparedCell& cell) { return value_in(cell) == value; });
    const bool as_expected =
        std::all_of(comparison.cells.begin(), comparison.cells.end(),
                    [&](const ComparedCell& cell) { return recipes.expected(cell, name) == value; });
    if (same && !value.is_null() && !as_expected) constants.push_back(name + " " + parameter_text(value));
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
