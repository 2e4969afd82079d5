#include "bench/new_sweep.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "schemas/error.h"
#include "schemas/files.h"

namespace camsweep {

namespace fs = std::filesystem;

NewSweep make_sweep(const fs::path& sweep_file, const fs::path& runs) {
  Plan plan = make_plan(sweep_file, {});
  const SweepFolder folder{fs::absolute(runs / plan.spec.name).lexically_normal()};
  if (fs::exists(folder.database())) throw ConfigError(folder.database().string() + " is there already");
  make_directories(folder.root);
  Store store(folder.root);
  store.register_plan({.name = plan.spec.name,
                       .file = fs::absolute(sweep_file).lexically_normal(),
                       .text = plan.spec.text,
                       .report = plan.spec.report},
                      plan.cells, plan.jobs, plan.cell_jobs);
  store.commit();
  return {.plan = std::move(plan), .folder = folder, .store = std::move(store)};
}

int run_on_new_sweep(int argc, char** argv, void (*measure)(NewSweep&)) {
  if (argc != 3) {
    fmt::print(stderr, "usage: {} SWEEP.yaml RUNS\n", argv[0]);
    return static_cast<int>(ExitCode::kBadInput);
  }
  try {
    NewSweep sweep = make_sweep(argv[1], argv[2]);
    measure(sweep);
  } catch (const Error& error) {
    fmt::print(stderr, "{}: {}\n", argv[0], error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}

}  // namespace camsweep
