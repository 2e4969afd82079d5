#include "orchestrator/retry.h"

#include <algorithm>

#include "orchestrator/job_table.h"
#include "orchestrator/requests.h"
#include "results/database.h"
#include "schemas/json.h"

namespace camsweep {
namespace {

// The jobs as the database knows them: enough to see who needs whom.
std::vector<JobSpec> stored_jobs(Store& store) {
  std::vector<JobSpec> jobs;
  Statement rows(store.database(), "SELECT id, stage, gang, identity FROM jobs ORDER BY position");
  while (rows.step()) {
    JobSpec job;
    job.id = {rows.text(0)};
    job.stage = stage_from_name(rows.text(1)).value_or(Stage::kTrain);
    job.gang = static_cast<int>(rows.integer(2));
    for (const Json& needed : Json::parse(rows.text(3)).value("needs", Json::array())) {
      job.needs.push_back({needed.get<std::string>()});
    }
    jobs.push_back(std::move(job));
  }
  std::stable_partition(jobs.begin(), jobs.end(), [](const JobSpec& job) { return job.needs.empty(); });
  return jobs;
}

}  // namespace

size_t retry_jobs(Store& store, const std::vector<std::string>& beginnings) {
  const std::vector<JobSpec> jobs = stored_jobs(store);
  JobTable table(jobs, store.job_records());
  std::vector<JobId> known;
  for (const JobSpec& job : jobs) known.push_back(job.id);
  size_t reset = 0;
  for (const JobId& id : beginnings.empty() ? known : resolve_jobs(beginnings, known)) {
    for (const size_t changed : table.retry(table.find(id).value())) {
      store.reset(table.id(changed));
      ++reset;
    }
  }
  store.commit();
  return reset;
}

}  // namespace camsweep
