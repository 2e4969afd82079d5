#include "orchestrator/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "schemas/error.h"
#include "schemas/parameters.h"
#include "schemas/recipes.h"

namespace camsweep {
namespace {

// Fills in axes of one value and collects the names of those with several, for the values that `row` has.
void walk_axes(const std::vector<Axis>& axes, Row& row, std::vector<std::string>& needed) {
  for (const Axis& axis : axes) {
    const Json*& value = row[parameter_position(axis.name)];
    if (value == nullptr && axis.values.size() == 1) value = &axis.values.front();
    if (value == nullptr) needed.push_back(axis.name);
    for (size_t i = 0; value != nullptr && i < axis.own_axes.size(); ++i) {
      if (axis.values[i] == *value) walk_axes(axis.own_axes[i], row, needed);
    }
  }
}

}  // namespace

size_t parameter_position(const std::string& name) {
  static const std::unordered_map<std::string, size_t> positions = [] {
    std::unordered_map<std::string, size_t> all;
    for (const ParameterInfo& info : parameter_table()) all.emplace(info.name, all.size());
    return all;
  }();
  const auto found = positions.find(name);
  CAMSWEEP_CHECK(found != positions.end(), "the loader lets known parameters through alone");
  return found->second;
}

Resolver::Resolver(const SweepSpec& sweep)
    : checkpoints_(sweep.checkpoints), defaults_(parameter_table().size()), table_(parameter_table().size()) {
  for (const auto& [name, value] : sweep.defaults.items()) defaults_[parameter_position(name)] = &value;
  for (size_t i = 0; i < table_.size(); ++i) {
    const Json& value = parameter_table()[i].default_value;
    table_[i] = value.is_null() ? nullptr : &value;
  }
  for (const std::string& name : recipe_names()) {
    RecipeRows& recipe = recipes_[name];
    for (const bool augmentation : {false, true}) {
      Json& values = recipe.values[augmentation ? 1 : 0];
      Row& row = recipe.rows[augmentation ? 1 : 0];
      values = recipe_values(find_recipe(name), augmentation);
      row.resize(table_.size());
      for (const auto& [field, value] : values.items()) row[parameter_position(field)] = &value;
    }
  }
}

const Json* Resolver::value(const Row& row, size_t position) const {
  static const size_t kRecipe = parameter_position("recipe");
  static const size_t kAugmentation = parameter_position("augmentation");
  if (row[position] != nullptr) return row[position];
  if (defaults_[position] != nullptr) return defaults_[position];
  if (position == kRecipe || position == kAugmentation) return table_[position];
  return open_value(row, recipe_row(row), position);
}

void Resolver::complete(Row& row) const {
  const Row& recipe = recipe_row(row);
  for (size_t i = 0; i < row.size(); ++i) {
    if (row[i] == nullptr) row[i] = defaults_[i] != nullptr ? defaults_[i] : open_value(row, recipe, i);
  }
}

const Row& Resolver::recipe_row(const Row& row) const {
  static const size_t kRecipe = parameter_position("recipe");
  static const size_t kAugmentation = parameter_position("augmentation");
  const RecipeRows& recipe = recipes_.find(value(row, kRecipe)->get_ref<const std::string&>())->second;
  return recipe.rows[value(row, kAugmentation)->get<bool>() ? 1 : 0];
}

// What neither the row nor `defaults` gives.
const Json* Resolver::open_value(const Row& row, const Row& recipe, size_t position) const {
  if (const Json* normalization = published(row, position)) return normalization;
  return recipe[position] != nullptr ? recipe[position] : table_[position];
}

const Json* Resolver::published(const Row& row, size_t position) const {
  static const size_t kMean = parameter_position("normalization_mean");
  static const size_t kStd = parameter_position("normalization_std");
  static const size_t kBackbone = parameter_position("backbone");
  static const size_t kPretraining = parameter_position("pretraining");
  if (position != kMean && position != kStd) return nullptr;
  const Json* backbone = value(row, kBackbone);
  const auto& pretraining = value(row, kPretraining)->get_ref<const std::string&>();
  if (backbone == nullptr || pretraining == "none") return nullptr;
  const PublishedCheckpoint* entry = checkpoints_.find(backbone->get_ref<const std::string&>(), pretraining);
  if (entry == nullptr) return nullptr;
  return position == kMean ? &entry->mean : &entry->std;
}

std::vector<Json> alternatives(const std::string& parameter, const Json& value) {
  const bool one_list = find_parameter(parameter)->type == "numbers" && !value.empty() && !value[0].is_array();
  if (!value.is_array() || one_list) return {value};
  return value.get<std::vector<Json>>();
}

Matcher::Matcher(const Json& match) {
  for (const auto& [name, value] : match.items()) {
    conditions_.push_back({parameter_position(name), alternatives(name, value)});
  }
}

bool Matcher::matches(const Row& row, const Resolver& resolver) const {
  return std::all_of(conditions_.begin(), conditions_.end(), [&](const Condition& condition) {
    const Json* value = resolver.value(row, condition.position);
    return value != nullptr &&
           std::find(condition.values.begin(), condition.values.end(), *value) != condition.values.end();
  });
}

std::vector<Row> include_rows(const SweepSpec& sweep, const Rule& rule, std::deque<Json>& arena) {
  std::vector<Row> rows = {Row(parameter_table().size())};
  for (const auto& [name, value] : sweep.constants.items()) rows[0][parameter_position(name)] = &value;
  for (const auto& [name, value] : rule.values.items()) {
    std::vector<Row> grown;
    for (const Json& alternative : alternatives(name, value)) {
      arena.push_back(alternative);
      for (Row row : rows) {
        row[parameter_position(name)] = &arena.back();
        grown.push_back(std::move(row));
      }
    }
    rows = std::move(grown);
  }
  for (Row& row : rows) {
    std::vector<std::string> needed;
    walk_axes(sweep.axes, row, needed);
    if (!needed.empty()) {
      throw ConfigError(fmt::format("{}: include: '{}' is missing: a cell gives every axis of its backbone",
                                    rule.place.text(), needed.front()));
    }
  }
  return rows;
}

}  // namespace camsweep
