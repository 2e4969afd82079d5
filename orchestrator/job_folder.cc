#include "orchestrator/job_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "schemas/error.h"
#include "schemas/files.h"
#include "schemas/json.h"
#include "schemas/utf8.h"

namespace camsweep {
namespace {

constexpr int kEvidenceLines = 20;

struct RankFailure {
  JobFailure failure;
  std::string rank;
  double time_s = 0;
};

std::optional<RankFailure> read_rank_failure(const std::filesystem::path& file) {
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  try {
    const Json json = Json::parse(valid_utf8(text));
    std::string rank = file.stem().extension().string();  // failure.rank3.json -> .rank3
    return RankFailure{.failure = {.kind = json.at("kind"), .retryable = json.at("retryable"), .text = json.at("text")},
                       .rank = rank.empty() ? rank : rank.substr(1),
                       .time_s = json.at("time")};
  } catch (const Json::exception&) {
    return std::nullopt;  // the rank was killed while it wrote
  }
}

std::optional<RankFailure> first_failure(const std::filesystem::path& attempt) {
  std::optional<RankFailure> first;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(attempt, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("failure.rank") || !name.ends_with(".json")) continue;
    std::optional<RankFailure> found = read_rank_failure(entry.path());
    if (found && (!first || found->time_s < first->time_s)) first = std::move(found);
  }
  return first;
}

Json job_json(const JobSpec& job) {
  Json json = {{"id", job.id.hex},
               {"stage", stage_name(job.stage)},
               {"identity", job.identity},
               {"dataset", job.dataset},
               {"gang", job.gang},
               {"needs", Json::array()},
               {"pretraining_file", job.pretraining_file}};
  for (const JobId& needed : job.needs) json["needs"].push_back(needed.hex);
  if (job.at_epoch) json["at_epoch"] = *job.at_epoch;
  return json;
}

}  // namespace

std::filesystem::path prepare_attempt(const SweepFolder& folder, const JobSpec& job, int attempt) {
  const std::filesystem::path directory = folder.attempt(job.id, attempt);
  std::error_code error;
  make_directories(directory.parent_path());
  if (!std::filesystem::create_directory(directory, error)) {
    if (error) throw environment_error("cannot make the folder " + directory.string(), error.value());
    // A scheduler that died before its first commit left it: the database never heard of that attempt.
    std::filesystem::remove_all(directory, error);
    make_directories(directory);
  }
  const std::filesystem::path description = folder.job(job.id) / "job.json";
  if (!std::filesystem::exists(description)) write_file(description, printable_json(job_json(job), 2) + "\n");
  return directory;
}

std::optional<JobFailure> failure_record(const std::filesystem::path& attempt) {
  std::optional<RankFailure> first = first_failure(attempt);
  if (!first) return std::nullopt;
  return std::move(first->failure);
}

std::string tail(const std::filesystem::path& file, int lines) {
  constexpr std::streamoff kMost = 64 * 1024;
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return "";
  in.seekg(std::max<std::streamoff>(0, in.tellg() - kMost));
  std::string text((std::istreambuf_iterator<char>(in)), {});
  while (text.ends_with('\n')) text.pop_back();
  size_t start = text.size();
  for (int line = 0; line < lines && start != std::string::npos && start > 0; ++line) {
    start = text.rfind('\n', start - 1);
  }
  if (start == std::string::npos || start == 0) return valid_utf8(text);
  return valid_utf8(text.substr(start + 1));
}

std::string log_evidence(const std::filesystem::path& attempt) {
  const std::optional<RankFailure> first = first_failure(attempt);
  const std::filesystem::path log = attempt / ((first ? first->rank : "rank0") + ".log");
  const std::string lines = tail(log, kEvidenceLines);
  if (lines.empty()) return "";
  return fmt::format("{}\n(the last lines of {})", lines, log.string());
}

}  // namespace camsweep
