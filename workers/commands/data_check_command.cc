#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include "schemas/json.h"
#include "schemas/sweep_loader.h"
#include "workers/commands/count_line.h"
#include "workers/commands/data_commands.h"
#include "workers/data/check.h"
#include "workers/data/dataset_kinds.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

struct CheckArguments {
  fs::path input;
  std::string kind;
  bool hash = false;
  bool json = false;
};

// The data set of a sweep file; a relative path starts at the file's folder, else at the current one.
Json dataset_of_sweep(const fs::path& file) {
  Json dataset = load_sweep(file).dataset;
  for (const char* key : {"root", "images", "metadata"}) {
    if (!dataset.contains(key)) continue;
    const fs::path beside = file.parent_path() / dataset[key].get<std::string>();
    if (fs::exists(beside)) dataset[key] = beside.string();
  }
  return dataset;
}

std::unique_ptr<Dataset> open(const CheckArguments& arguments) {
  if (!fs::exists(arguments.input)) {
    throw ConfigError(
        fmt::format("there is no '{}'; expected a sweep file or a data set's folder", arguments.input.string()));
  }
  if (!fs::is_directory(arguments.input)) return load_unchecked(dataset_of_sweep(arguments.input));
  if (arguments.kind.empty()) return open_folder(arguments.input);
  return load_unchecked({{"kind", arguments.kind}, {"root", arguments.input.string()}});
}

void print_json(const CheckReport& report, const CheckArguments& arguments) {
  Json faults = Json::array();
  for (const DataFault& fault : report.faults) {
    faults.push_back({{"split", split_name(fault.split)},
                      {"image", fault.image},
                      {"kind", kind_name(fault.kind)},
                      {"text", fault.text}});
  }
  Json result = {{"classes", report.classes},
                 {"images", {{"train", report.images[0]}, {"val", report.images[1]}, {"test", report.images[2]}}},
                 {"faults", std::move(faults)}};
  if (arguments.hash) result["pixels_sha256"] = report.pixels_sha256;
  fmt::print("{}\n", result.dump(2));
}

void print_lines(const CheckReport& report, const CheckArguments& arguments) {
  for (const DataFault& fault : report.faults) {
    fmt::print("{} {} {}: {}\n", kind_name(fault.kind), split_name(fault.split), fault.image, fault.text);
  }
  const auto images = [&](size_t split) { return static_cast<int64_t>(report.images[split]); };
  fmt::print("{}; {}; {}\n", counted(report.classes, "class", "classes"), split_sizes(images(0), images(1), images(2)),
             counted(static_cast<int64_t>(report.faults.size()), "fault", "faults"));
  if (arguments.hash) fmt::print("pixels SHA-256 {}\n", report.pixels_sha256);
}

void check(const CheckArguments& arguments, WorkerCommandLine& line) {
  const std::unique_ptr<Dataset> dataset = open(arguments);
  CountLine progress("images");
  const auto threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const CheckReport report =
      check_dataset(*dataset, threads, [&progress](size_t done, size_t of) { progress.update(done, of); });
  progress.clear();
  arguments.json ? print_json(report, arguments) : print_lines(report, arguments);
  if (!report.faults.empty()) line.exit_code = ExitCode::kCorruption;
}

}  // namespace

std::string counted(int64_t count, std::string_view one, std::string_view more) {
  return fmt::format("{} {}", count, count == 1 ? one : more);
}

std::string split_sizes(int64_t train, int64_t val, int64_t test) {
  return fmt::format("{} train, {} val, {} test images", train, val, test);
}

void add_check_command(CLI::App& data, WorkerCommandLine& line) {
  CLI::App* command = data.add_subcommand("check", "Find damaged images and boxes outside their image.");
  const auto arguments = std::make_shared<CheckArguments>();
  command->add_option("input", arguments->input, "a data set's folder, or a sweep file")->required();
  command->add_option("--kind", arguments->kind, "how the folder is laid out, where its files do not tell")
      ->check(CLI::IsMember({"cub", "wsol", "folder"}));
  command->add_flag("--hash", arguments->hash, "print the SHA-256 of all pixels");
  command->add_flag("--json", arguments->json, "print the findings as JSON");
  command->footer(
      "Exit code 6 if anything is wrong; nothing is changed.\nExample: camsweep data check /data/birds --json");
  command->callback([arguments, &line] { check(*arguments, line); });
}

}  // namespace camsweep
