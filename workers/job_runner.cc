#include "workers/job_runner.h"

#include <ATen/Parallel.h>

#include <utility>
#include <variant>

#include "schemas/error.h"
#include "workers/analysis/activation_job.h"
#include "workers/analysis/erf_job.h"
#include "workers/analysis/pca_job.h"
#include "workers/analysis/signals_job.h"
#include "workers/analysis/svm_job.h"
#include "workers/gang/process.h"
#include "workers/job_environment.h"
#include "workers/localization/localize_job.h"
#include "workers/training/train_job.h"

namespace camsweep {
namespace {

JobEnd run_stage(JobContext& context) {
  switch (context.assignment.stage) {
    case Stage::kTrain:
      return run_train(context);
    case Stage::kLocalize:
      return run_localize(context);
    case Stage::kErf:
      return run_erf(context);
    case Stage::kPca:
      return run_pca(context);
    case Stage::kActivation:
      return run_activation(context);
    case Stage::kSignals:
      return run_signals(context);
    case Stage::kSvm:
      return run_svm(context);
  }
  throw Error(ExitCode::kBug, "an assignment names a stage");
}

}  // namespace

JobEnd run_job(JobContext& context) {
  reset_peak_memory();
  at::set_num_threads(context.threads);  // a training that went on with the number of an earlier attempt left that
  JobEnd end = run_stage(context);
  if (auto* success = std::get_if<JobSuccess>(&end)) {
    Json environment = job_environment(context);
    environment.update(success->environment);  // what the stage measured itself, e.g. images_per_s
    success->environment = std::move(environment);
  }
  return end;
}

}  // namespace camsweep
