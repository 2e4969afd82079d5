#include "orchestrator/publishing.h"

#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "results/database.h"
#include "results/result_file.h"
#include "results/store.h"
#include "schemas/error.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

// Accepted jobs without a result file, and their attempts.
std::vector<std::pair<JobId, int>> unpublished(Store& store, const SweepFolder& folder) {
  std::vector<std::pair<JobId, int>> found;
  Statement rows(store.database(), "SELECT job, attempt FROM attempts WHERE state = 'accepted'");
  while (rows.step()) {
    const JobId job{rows.text(0)};
    if (!fs::exists(result_file_path(folder.root, job))) found.emplace_back(job, static_cast<int>(rows.integer(1)));
  }
  return found;
}

// What a scheduler left that was killed while it wrote.
void remove_partial_files(const fs::path& job_folder) {
  std::vector<fs::path> partial;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(job_folder, error)) {
    if (entry.path().filename().string().starts_with("result.json.partial")) partial.push_back(entry.path());
  }
  for (const fs::path& file : partial) fs::remove(file, error);
}

}  // namespace

void remove_leftovers(const SweepFolder& folder, const JobSpec& job, int attempt, const JobSuccess& success,
                      KeepState keep) {
  if (job.stage != Stage::kTrain || keep == KeepState::kYes) return;
  std::set<fs::path> kept;
  for (const Artifact& artifact : success.artifacts) {
    if (artifact.kind != "state") kept.insert((folder.attempt(job.id, attempt) / artifact.path).lexically_normal());
  }
  std::vector<fs::path> leftovers;
  std::error_code error;
  fs::recursive_directory_iterator entries(folder.job(job.id) / "attempts", error);
  for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
    const fs::path file = entries->path().lexically_normal();
    const std::string name = file.filename().string();
    const bool log = name.ends_with(".log") || name.starts_with("failure.rank");
    if (entries->is_regular_file(error) && !log && !kept.contains(file)) leftovers.push_back(file);
  }
  for (const fs::path& file : leftovers) fs::remove(file, error);
}

size_t publish_unfinished(Store& store, const SweepFolder& folder, KeepState keep) {
  const std::vector<std::pair<JobId, int>> jobs = unpublished(store, folder);
  for (const auto& [id, attempt] : jobs) {
    const std::optional<JobSpec> job = stored_job(store.database(), id);
    CAMSWEEP_CHECK(job.has_value(), "an attempt refers to its job");
    const JobSuccess success = stored_success(store.database(), id);
    remove_partial_files(folder.job(id));
    remove_leftovers(folder, *job, attempt, success, keep);
    write_result_file(folder.root, *job, attempt, success);
  }
  return jobs.size();
}

}  // namespace camsweep
