#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "orchestrator/commands/commands.h"
#include "schemas/backbone_catalog.h"
#include "schemas/json.h"

namespace camsweep {
namespace {

constexpr const char* kRow = "{:<23} {:<10} {:>12}  {:>6}  {}\n";

std::string kernels_text(const BackboneVariant& variant) {
  if (variant.kernels.empty()) return "-";
  return fmt::format("{}", fmt::join(variant.kernels, ", "));
}

void print_table() {
  fmt::print(kRow, "name", "family", "parameters", "map", "kernels");
  for (const CatalogEntry& entry : backbone_catalog()) {
    fmt::print(kRow, entry.variant.name, entry.variant.family, fmt::format("{:.1f} M", 1e-6 * entry.parameters),
               fmt::format("{}x{}", entry.map_side, takes_signals(entry.variant) ? 1 : entry.map_side),
               kernels_text(entry.variant));
  }
}

void print_json() {
  Json list = Json::array();
  for (const CatalogEntry& entry : backbone_catalog()) {
    Json& json = list.emplace_back(to_json(entry.variant));
    json["parameters"] = entry.parameters;
    json["map_side"] = entry.map_side;
  }
  fmt::print("{}\n", list.dump(2));
}

}  // namespace

void add_backbones_command(CLI::App& app, CommandLine&) {
  CLI::App* command =
      app.add_subcommand("backbones", "List the networks a sweep file may name, with 1000 classes and at 224 px.");
  const auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "print every field as JSON");
  command->footer("Example:\n  camsweep backbones --json");
  command->callback([json] { *json ? print_json() : print_table(); });
}

}  // namespace camsweep
