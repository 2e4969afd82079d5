#include "schemas/recipes.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "embedded.h"
#include "schemas/error.h"
#include "schemas/recipe_fields.h"
#include "schemas/text.h"
#include "schemas/yaml_document.h"

namespace camsweep {
namespace {

// The first is the default.
const std::pair<std::string, std::string_view> kBuiltIn[] = {{"cam-back-again", kRecipeCamBackAgain},
                                                             {"replknet-official", kRecipeReplknetOfficial},
                                                             {"convnext-official", kRecipeConvnextOfficial},
                                                             {"slak", kRecipeSlak},
                                                             {"wsol-2020", kRecipeWsol2020}};

class RecipeReader {
 public:
  RecipeReader(const YamlDocument& document, Diagnostics& problems) : document_(document), problems_(problems) {
    for (ParameterInfo& field : recipe_fields()) fields_.emplace(field.name, std::move(field));
  }

  void read(const char* part, Json& values) {
    const Json& given = document_.root.contains(part) ? document_.root.at(part) : values;
    if (!given.is_object()) return problem(fmt::format("/{}", part), "expected a mapping of fields to values");
    for (const auto& [name, value] : given.items()) {
      const std::string pointer = fmt::format("/{}/{}", part, name);
      const auto field = fields_.find(name);
      if (field == fields_.end()) {
        problem(pointer, "no field of a recipe, or the second of its name");
      } else if (const auto wrong = parameter_problem(field->second, value)) {
        problem(pointer, *wrong);
      }
      if (field != fields_.end()) fields_.erase(field);
    }
    values = given;
  }

  // A recipe is whole, so that no default decides what its source does.
  void check_whole() {
    for (const auto& [name, _] : fields_) problem("", fmt::format("the field '{}' is missing", name));
  }

 private:
  void problem(const std::string& pointer, const std::string& sentence) {
    problems_.add(document_.place(pointer), readable_path(pointer), sentence);
  }

  const YamlDocument& document_;
  Diagnostics& problems_;
  std::map<std::string, ParameterInfo, std::less<>> fields_;  // not yet seen
};

}  // namespace

const std::vector<std::string>& recipe_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [name, _] : kBuiltIn) all.push_back(name);
    return all;
  }();
  return names;
}

std::string_view recipe_text(std::string_view name) {
  const auto found =
      std::find_if(std::begin(kBuiltIn), std::end(kBuiltIn), [&](const auto& recipe) { return recipe.first == name; });
  CAMSWEEP_CHECK(found != std::end(kBuiltIn), "a recipe is asked for by a known name");
  return found->second;
}

const Recipe& find_recipe(std::string_view name) {
  static const std::map<std::string, Recipe, std::less<>> recipes = [] {
    std::map<std::string, Recipe, std::less<>> all;
    for (const auto& [known, text] : kBuiltIn) all.emplace(known, read_recipe(text, known));
    return all;
  }();
  const auto found = recipes.find(name);
  CAMSWEEP_CHECK(found != recipes.end(), "a sweep file's recipes are checked when it is read");
  return found->second;
}

Recipe read_recipe(std::string_view text, const std::string& name) {
  YamlDocument document = parse_yaml(text, fmt::format("experiments/recipes/{}.yaml", name));
  document.root = normalized(std::move(document.root));
  Diagnostics problems;
  Recipe recipe{.name = name, .training = Json::object(), .augmentation = Json::object()};
  RecipeReader reader(document, problems);
  reader.read("training", recipe.training);
  reader.read("augmentation", recipe.augmentation);
  reader.check_whole();
  problems.throw_if_any();
  return recipe;
}

Json recipe_values(const Recipe& recipe, bool augmentation) {
  Json values = recipe.training;
  for (const auto& [name, value] : recipe.augmentation.items()) {
    values[name] = augmentation ? value : find_parameter(name)->default_value;
  }
  return values;
}

}  // namespace camsweep
