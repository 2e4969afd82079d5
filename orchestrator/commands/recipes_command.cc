#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/commands/commands.h"
#include "schemas/recipe_fields.h"
#include "schemas/recipes.h"

namespace camsweep {
namespace {

struct RecipesArguments {
  std::string name;
  bool fields = false;
  bool json = false;
};

// Values by field, with augmentation and without.
Json described(const std::string& name) {
  return {{"augmentation", recipe_values(find_recipe(name), true)},
          {"no_augmentation", recipe_values(find_recipe(name), false)}};
}

void print_meanings(const std::vector<ParameterInfo>& fields) {
  for (const ParameterInfo& field : fields) fmt::print("{:<22}  {}\n", field.name, field.meaning);
}

void print_fields() {
  print_meanings(recipe_fields());
  fmt::print("\nOf training methods, beside every recipe:\n");
  print_meanings(method_fields());
}

void list(const RecipesArguments& arguments) {
  if (arguments.fields) return print_fields();
  if (arguments.json) {
    Json all = Json::object();
    for (const std::string& name : recipe_names()) {
      if (arguments.name.empty() || name == arguments.name) all[name] = described(name);
    }
    fmt::print("{}\n", all.dump(2));
  } else if (arguments.name.empty()) {
    for (const std::string& name : recipe_names()) fmt::print("{}\n", name);
  } else {
    fmt::print("{}", recipe_text(arguments.name));
  }
}

}  // namespace

void add_recipes_command(CLI::App& app, CommandLine&) {
  CLI::App* command = app.add_subcommand("recipes", "List the recipes of training, or print one with its source.");
  const auto arguments = std::make_shared<RecipesArguments>();
  command->add_option("name", arguments->name, "the recipe to print")->check(CLI::IsMember(recipe_names()));
  command->add_flag("--fields", arguments->fields, "print what every field means");
  command->add_flag("--json", arguments->json, "print values by field");
  command->footer("Examples:\n  camsweep recipes wsol-2020\n  camsweep recipes --fields");
  command->callback([arguments] { list(*arguments); });
}

}  // namespace camsweep
