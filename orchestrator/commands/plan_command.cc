#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "orchestrator/checkpoint_files.h"
#include "orchestrator/commands/commands.h"
#include "orchestrator/plan.h"
#include "orchestrator/sweep_folder.h"
#include "results/database.h"
#include "schemas/utf8.h"

namespace camsweep {
namespace {

struct JobCount {
  uint64_t total = 0;
  uint64_t done = 0;
  uint64_t to_run() const { return total - done; }
};

struct StageCounts {
  std::array<JobCount, kAllStages.size()> stages;
  JobCount all;
};

// Ids of the jobs with an accepted result; none where the sweep was never run.
std::unordered_set<std::string> done_jobs(const SweepFolder& folder) {
  std::unordered_set<std::string> done;
  if (!std::filesystem::exists(folder.database())) return done;
  Database database(folder.database(), Database::Mode::kReadOnly);
  Statement query(database, "SELECT id FROM jobs WHERE state = 'done'");
  while (query.step()) done.insert(query.text(0));
  return done;
}

StageCounts count_jobs(const Plan& plan, const std::unordered_set<std::string>& done) {
  StageCounts counts;
  for (const JobSpec& job : plan.jobs) {
    const uint64_t is_done = done.count(job.id.hex);
    for (JobCount* count : {&counts.stages[static_cast<size_t>(job.stage)], &counts.all}) {
      ++count->total;
      count->done += is_done;
    }
  }
  return counts;
}

Json to_json(const JobCount& count) {
  return {{"total", count.total}, {"done", count.done}, {"to_run", count.to_run()}};
}

void print_json(const Plan& plan, const StageCounts& counts) {
  Json rules = Json::array();
  for (const RuleCount& rule : plan.rules) rules.push_back({{"rule", rule.rule}, {"cells", rule.cells}});
  Json jobs = to_json(counts.all);
  jobs["stages"] = Json::object();
  for (size_t i = 0; i < counts.stages.size(); ++i) {
    if (counts.stages[i].total > 0) jobs["stages"][stage_name(static_cast<Stage>(i))] = to_json(counts.stages[i]);
  }
  const Json json = {{"rules", rules}, {"cells", plan.cells.size()}, {"jobs", jobs}, {"notes", plan.notes}};
  fmt::print("{}\n", printable_json(json, 2));
}

// A plan that cannot be made yet: which files of published weights it waits for.
void print_json(const CheckpointError& error) {
  Json list = Json::array();
  for (const CheckpointProblem& problem : error.problems()) {
    list.push_back({{"file", problem.file},
                    {"problem", problem.problem},
                    {"source", problem.source},
                    {"folder", problem.folder.string()},
                    {"backbones", problem.backbones},
                    {"cells", problem.cells}});
  }
  fmt::print("{}\n", printable_json(Json{{"checkpoints", list}}, 2));
}

std::string effect(const RuleCount& rule) {
  if (rule.rule == "matrix") return "";
  const char* verb = rule.rule.starts_with("exclude")   ? "removes"
                     : rule.rule.starts_with("include") ? "adds"
                                                        : "changes";
  return fmt::format("  {} {}", verb, rule.touched);
}

// Why a rule is there, as its author wrote it.
std::string reason(const SweepSpec& spec, const std::string& name) {
  for (const auto& [list, rules] : {std::pair<const char*, const std::vector<Rule>*>{"exclude", &spec.exclude},
                                    {"include", &spec.include},
                                    {"set", &spec.set}}) {
    for (size_t i = 0; i < rules->size(); ++i) {
      if (name == fmt::format("{}[{}]", list, i) && !(*rules)[i].why.empty()) return "  (" + (*rules)[i].why + ")";
    }
  }
  return "";
}

void print_text(const Plan& plan, const StageCounts& counts) {
  const size_t seeds = plan.spec.seeds.size();
  fmt::print("{}: {} cell{} x {} replicate{}\n\n", plan.spec.name, plan.cells.size(), plan.cells.size() == 1 ? "" : "s",
             seeds, seeds == 1 ? "" : "s");
  fmt::print("{:<14}{:>8}\n", "rule", "cells");
  for (const RuleCount& rule : plan.rules) {
    fmt::print("{:<14}{:>8}{}{}\n", rule.rule, rule.cells, effect(rule), reason(plan.spec, rule.rule));
  }
  fmt::print("\n{:<14}{:>8}{:>8}{:>8}\n", "stage", "jobs", "done", "to run");
  const auto line = [](std::string_view name, const JobCount& count) {
    fmt::print("{:<14}{:>8}{:>8}{:>8}\n", name, count.total, count.done, count.to_run());
  };
  for (size_t i = 0; i < counts.stages.size(); ++i) {
    if (counts.stages[i].total > 0) line(stage_name(static_cast<Stage>(i)), counts.stages[i]);
  }
  line("total", counts.all);
  for (const std::string& note : plan.notes) fmt::print("note: {}\n", note);
}

struct Arguments {
  std::string sweep_file;
  PlanOptions plan;
  bool json = false;
};

void show(Arguments arguments, const CommandLine& line) try {
  arguments.plan.detail = PlanDetail::kIds;
  const Plan plan = make_plan(arguments.sweep_file, arguments.plan);
  const StageCounts counts = count_jobs(plan, done_jobs(SweepFolder{line.runs / plan.spec.name}));
  if (arguments.json) {
    print_json(plan, counts);
  } else {
    print_text(plan, counts);
  }
} catch (const CheckpointError& error) {
  if (arguments.json) print_json(error);
  throw;
}

}  // namespace

void add_plan_command(CLI::App& app, CommandLine& line) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("plan", "Show what a sweep file expands to, what is done and what will run.");
  command->add_option("sweep", arguments->sweep_file, "the sweep file")->required();
  command->add_option("overrides", arguments->plan.overrides, "key=value: replace a parameter everywhere");
  command
      ->add_option("--only", arguments->plan.only,
                   "keep cells that match, like 'backbone=convnext_*'; several: all must")
      ->allow_extra_args(false);
  command->add_option("--checkpoints", arguments->plan.checkpoints, kCheckpointsHelp)->type_name("DIR");
  command->add_flag("--json", arguments->json, "print JSON; of weights that are missing, too, before it ends with 2");
  command->footer("Example:\n  camsweep plan experiments/quickstart.yaml epochs=1 --only 'backbone=convnext_*'");
  command->callback([arguments, &line] { show(*arguments, line); });
}

}  // namespace camsweep
