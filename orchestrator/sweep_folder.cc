#include "orchestrator/sweep_folder.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "schemas/error.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

bool is_sweep(const fs::path& folder) { return fs::exists(SweepFolder{folder}.database()); }

// The last commit went to the log beside the database, if there is one.
fs::file_time_type last_change(const fs::path& folder) {
  const fs::path database = SweepFolder{folder}.database();
  fs::file_time_type latest = fs::file_time_type::min();
  for (const char* suffix : {"", "-wal"}) {
    std::error_code error;
    const fs::file_time_type time = fs::last_write_time(database.string() + suffix, error);
    if (!error) latest = std::max(latest, time);
  }
  return latest;
}

// Every sweep below `runs`, the one that changed last first.
std::vector<fs::path> sweeps_in(const fs::path& runs) {
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(runs, error)) {
    if (is_sweep(entry.path())) found.emplace_back(last_change(entry.path()), entry.path());
  }
  std::sort(found.begin(), found.end(), std::greater<>());
  std::vector<fs::path> folders;
  for (auto& [time, folder] : found) folders.push_back(std::move(folder));
  return folders;
}

// `sweep: name` at the start of a line. Enough to find a folder; run and plan read the file properly.
std::string sweep_name_in(const fs::path& file) {
  std::ifstream in(file);
  constexpr std::string_view kKey = "sweep:";
  for (std::string text; std::getline(in, text);) {
    if (!text.starts_with(kKey)) continue;
    text.erase(0, kKey.size());
    text.erase(std::min(text.find(" #"), text.size()));
    constexpr std::string_view kAround = " \t\r\"'";
    const size_t first = text.find_first_not_of(kAround);
    if (first == std::string::npos) return "";
    return text.substr(first, text.find_last_not_of(kAround) - first + 1);
  }
  return "";
}

std::string known_sweeps(const fs::path& runs) {
  std::vector<std::string> names;
  for (const fs::path& folder : sweeps_in(runs)) names.push_back(folder.filename().string());
  if (names.empty()) return "there is no sweep in " + runs.string();
  return "the sweeps in " + runs.string() + " are " + join(names);
}

}  // namespace

SweepFolder find_sweep(const fs::path& runs, const std::string& name_file_or_folder) {
  if (name_file_or_folder.empty()) {
    const std::vector<fs::path> folders = sweeps_in(runs);
    if (folders.empty()) throw ConfigError("there is no sweep in " + runs.string() + "; `camsweep run FILE` makes one");
    return {folders.front()};
  }
  const fs::path given = name_file_or_folder;
  if (is_sweep(runs / given)) return {runs / given};
  if (is_sweep(given)) return {given};
  if (fs::is_regular_file(given)) {
    if (given.filename() == "results.db") return {fs::absolute(given).parent_path()};
    const std::string name = sweep_name_in(given);
    if (!name.empty() && is_sweep(runs / name)) return {runs / name};
    throw ConfigError(given.string() + " was never run; " + known_sweeps(runs));
  }
  throw ConfigError("no sweep is named '" + name_file_or_folder + "'; " + known_sweeps(runs));
}

}  // namespace camsweep
