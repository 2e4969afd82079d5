#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "orchestrator/commands/commands.h"
#include "schemas/backbone_catalog.h"
#include "schemas/json.h"

namespace camsweep {
namespace {

constexpr const char* kRow = "{:<16} {:<9} {:<14} {:<20} {}\n";

void print_table() {
  fmt::print(kRow, "name", "family", "depths", "widths", "kernels");
  for (const BackboneVariant& variant : backbone_catalog()) {
    fmt::print(kRow, variant.name, variant.family, fmt::format("{}", fmt::join(variant.depths, ",")),
               fmt::format("{}", fmt::join(variant.widths, ",")),
               variant.kernels.empty() ? "-" : fmt::format("{}", fmt::join(variant.kernels, ",")));
  }
}

void print_json() {
  Json list = Json::array();
  for (const BackboneVariant& variant : backbone_catalog()) list.push_back(to_json(variant));
  fmt::print("{}\n", list.dump(2));
}

}  // namespace

void add_backbones_command(CLI::App& app, CommandLine&) {
  CLI::App* command = app.add_subcommand("backbones", "List the networks a sweep file may name.");
  const auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "print every field as JSON");
  command->footer("Example:\n  camsweep backbones --json");
  command->callback([json] { *json ? print_json() : print_table(); });
}

}  // namespace camsweep
