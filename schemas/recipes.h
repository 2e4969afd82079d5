#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schemas/json.h"

namespace camsweep {

// A way to train as its source published it: a value for every recipe field (recipe_fields()).
struct Recipe {
  std::string name;
  Json training;      // with augmentation and without
  Json augmentation;  // with augmentation; without it these fields have their defaults, which turn them off
};

// experiments/recipes/*.yaml, which are built into the program.
const std::vector<std::string>& recipe_names();
const Recipe& find_recipe(std::string_view name);  // one of recipe_names()

std::string_view recipe_text(std::string_view name);  // its file, comments and all; one of recipe_names()

// Throws ConfigError with every mistake and its place: an unknown field, one that is missing or stands twice, a value
// that it cannot take.
Recipe read_recipe(std::string_view text, const std::string& name);

// The fields that the recipe sets in a cell, as parameter values.
Json recipe_values(const Recipe& recipe, bool augmentation);

}  // namespace camsweep
