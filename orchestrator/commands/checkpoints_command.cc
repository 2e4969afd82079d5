#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/checkpoint_files.h"
#include "orchestrator/commands/commands.h"
#include "orchestrator/text_table.h"
#include "schemas/backbone_catalog.h"
#include "schemas/utf8.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  std::string backbone;
  fs::path folder;
  bool json = false;
};

// An entry of the catalog and where its file lies.
struct Listed {
  const PublishedCheckpoint* entry;
  std::vector<fs::path> files;
};

std::vector<Listed> listed(const std::string& backbone, const fs::path& folder) {
  std::vector<Listed> all;
  for (const PublishedCheckpoint& entry : published_checkpoints().entries()) {
    if (backbone.empty() || entry.backbone == backbone) all.push_back({&entry, find_checkpoint(folder, entry.file)});
  }
  return all;
}

std::string state(const Listed& listed) {
  if (listed.files.empty()) return "missing";
  return listed.files.size() == 1 ? "found" : "found twice";
}

void print_table(const std::vector<Listed>& all, const fs::path& folder) {
  TextTable table({"backbone", "pretraining", "px", "classes", "file", "state", "source"});
  for (const Listed& listed : all) {
    const PublishedCheckpoint& entry = *listed.entry;
    table.add({entry.backbone, entry.name, std::to_string(entry.resolution),
               entry.classes ? std::to_string(*entry.classes) : "?", entry.file, folder.empty() ? "-" : state(listed),
               entry.source});
  }
  fmt::print("{}", table.text());
}

void print_json(const std::vector<Listed>& all) {
  Json list = Json::array();
  for (const auto& [entry, files] : all) {
    Json& json = list.emplace_back(Json{{"backbone", entry->backbone},
                                        {"pretraining", entry->name},
                                        {"file", entry->file},
                                        {"source", entry->source},
                                        {"sha256", entry->sha256},
                                        {"normalization", {{"mean", entry->mean}, {"std", entry->std}}},
                                        {"resolution", entry->resolution},
                                        {"classes", entry->classes ? Json(*entry->classes) : Json()},
                                        {"found", Json::array()}});
    for (const fs::path& file : files) json["found"].push_back(file.string());
  }
  fmt::print("{}\n", printable_json(list, 2));
}

void print(const Arguments& arguments) {
  if (!arguments.backbone.empty()) find_backbone(arguments.backbone);
  const fs::path folder = checkpoint_folder(arguments.folder);
  const std::vector<Listed> all = listed(arguments.backbone, folder);
  if (arguments.json) return print_json(all);
  if (all.empty()) {
    fmt::print(stderr, "the catalog has no published weights of {}\n", arguments.backbone);
  } else {
    print_table(all, folder);
  }
}

}  // namespace

void add_checkpoints_command(CLI::App& app, CommandLine&) {
  CLI::App* command = app.add_subcommand("checkpoints", "List the published weights that `pretraining` can name.");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("--backbone", arguments->backbone, "only those of one network");
  command->add_option("--checkpoints", arguments->folder, kCheckpointsHelp)->type_name("DIR");
  command->add_flag("--json", arguments->json, "print every field as JSON");
  command->footer(
      "Nothing is downloaded: put a file into your folder of checkpoints, or a folder in it, under the name in the\n"
      "column `file`. Example:\n"
      "  camsweep checkpoints --backbone convnext_base --checkpoints /data/checkpoints");
  command->callback([arguments] { print(*arguments); });
}

}  // namespace camsweep
