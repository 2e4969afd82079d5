#include "orchestrator/requests.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "schemas/error.h"
#include "schemas/files.h"
#include "schemas/json.h"
#include "schemas/utf8.h"

namespace camsweep {
namespace {

Request read_request(const std::filesystem::path& file) {
  try {
    const Json json = Json::parse(read_file(file));
    return {.kind = json.at("kind"), .jobs = json.at("jobs").get<std::vector<std::string>>()};
  } catch (const Json::exception&) {
    return {.kind = "unreadable", .jobs = {file.filename().string()}};
  }
}

}  // namespace

void leave_request(const SweepFolder& folder, const Request& request) {
  make_directories(folder.requests());
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto stamp = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  const Json json = {{"kind", request.kind}, {"jobs", request.jobs}};
  write_file(folder.requests() / fmt::format("{:020}-{}.json", stamp, ::getpid()), printable_json(json) + "\n");
}

std::vector<Request> take_requests(const SweepFolder& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder.requests(), error)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Request> requests;
  for (const std::filesystem::path& file : files) {
    requests.push_back(read_request(file));
    std::filesystem::remove(file, error);
  }
  return requests;
}

std::vector<JobId> resolve_jobs(const std::vector<std::string>& beginnings, const std::vector<JobId>& known) {
  std::vector<JobId> found;
  for (const std::string& beginning : beginnings) {
    const size_t before = found.size();
    for (const JobId& id : known) {
      if (id.hex.starts_with(beginning)) found.push_back(id);
    }
    if (found.size() == before) throw ConfigError(fmt::format("no job's id begins with '{}'", beginning));
    if (found.size() > before + 1) {
      throw ConfigError(fmt::format("the ids of {} jobs begin with '{}'", found.size() - before, beginning));
    }
  }
  return found;
}

}  // namespace camsweep
