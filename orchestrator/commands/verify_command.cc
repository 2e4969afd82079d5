#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "orchestrator/commands/commands.h"
#include "orchestrator/lock.h"
#include "orchestrator/sweep_folder.h"
#include "results/verify.h"
#include "schemas/json.h"
#include "schemas/utf8.h"

namespace camsweep {
namespace {

struct Arguments {
  std::string sweep;
  bool deep = false;
  bool json = false;
};

std::string_view side(RepairedFrom from) {
  if (from == RepairedFrom::kFile) return "result file";
  return from == RepairedFrom::kDatabase ? "database" : "";
}

void print_report(const VerifyReport& report, Repair repair) {
  for (const Fault& fault : report.faults) {
    const std::string before = fault.repaired() ? fmt::format("repaired from the {}: ", side(fault.from)) : "";
    fmt::print("{}{}\n", before, fault.text);
  }
  fmt::print("{} results and {} files compared, {} faults{}\n", report.results, report.files, report.faults.size(),
             repair == Repair::kNo ? "; a scheduler runs, so nothing was repaired" : "");
}

void print_json(const VerifyReport& report) {
  Json faults = Json::array();
  for (const Fault& fault : report.faults) {
    const Json from = fault.repaired() ? Json(side(fault.from)) : Json();
    faults.push_back({{"text", fault.text}, {"repaired", fault.repaired()}, {"from", from}});
  }
  const Json all = {{"results", report.results}, {"files", report.files}, {"faults", faults}};
  fmt::print("{}\n", printable_json(all, 1));
}

void verify(const Arguments& arguments, CommandLine& line) {
  const SweepFolder folder = find_sweep(line.runs, arguments.sweep);
  const std::optional<SweepLock> lock = SweepLock::try_acquire(folder);
  const Repair repair = lock ? Repair::kYes : Repair::kNo;
  const VerifyReport report = verify_sweep(folder.root, repair, arguments.deep ? Depth::kAll : Depth::kWeights);
  if (arguments.json) {
    print_json(report);
  } else {
    print_report(report, repair);
  }
  if (!report.sound()) line.exit_code = ExitCode::kCorruption;
}

}  // namespace

void add_verify_command(CLI::App& app, CommandLine& line) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand(
      "verify", "Compare the database with the result files and repair one from the other; exit 6 if it cannot.");
  command->add_option("sweep", arguments->sweep, "name, file or folder of the sweep; the latest if not given");
  command->add_flag("--deep", arguments->deep, "hash every file, not only weights");
  command->add_flag("--json", arguments->json, "print JSON");
  command->footer("Example:\n  camsweep verify quickstart --deep");
  command->callback([arguments, &line] { verify(*arguments, line); });
}

}  // namespace camsweep
