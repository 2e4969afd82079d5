#pragma once

#include <array>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "schemas/sweep_spec.h"

namespace camsweep {

// A cell under construction: the value of each parameter by its position in parameter_table(), null = not given.
// Values belong to the sweep or to the expansion, so that a hundred thousand rows copy pointers alone.
using Row = std::vector<const Json*>;

// Position of a known parameter in parameter_table().
size_t parameter_position(const std::string& name);

// What a row leaves open is filled from `defaults`, from the published weights it starts from (normalization), from the
// recipe and from the parameter table, in this order.
class Resolver {
 public:
  explicit Resolver(const SweepSpec& sweep);
  const Json* value(const Row& row, size_t position) const;  // null: it has none anywhere
  void complete(Row& row) const;                             // every value at once

 private:
  const Row& recipe_row(const Row& row) const;
  const Json* open_value(const Row& row, const Row& recipe, size_t position) const;
  const Json* published(const Row& row, size_t position) const;

  const CheckpointSettings& checkpoints_;
  Row defaults_;
  Row table_;
  // What a recipe sets, without and with its augmentation.
  struct RecipeRows {
    std::array<Json, 2> values;
    std::array<Row, 2> rows;
  };
  std::map<std::string, RecipeRows, std::less<>> recipes_;
};

// A condition of a rule on a row: parameters to one or more allowed values.
class Matcher {
 public:
  explicit Matcher(const Json& match);
  bool matches(const Row& row, const Resolver& resolver) const;

 private:
  struct Condition {
    size_t position;
    std::vector<Json> values;
  };
  std::vector<Condition> conditions_;
};

// The values that a rule's entry for a parameter stands for: those of the list, or the one value.
std::vector<Json> alternatives(const std::string& parameter, const Json& value);

// Rows that an entry of `include` adds; values made for them are kept in `arena`. Throws ConfigError if the entry does
// not give every axis of its backbone.
std::vector<Row> include_rows(const SweepSpec& sweep, const Rule& rule, std::deque<Json>& arena);

}  // namespace camsweep
