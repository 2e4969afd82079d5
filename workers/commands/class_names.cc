#include "workers/commands/class_names.h"

#include <fmt/format.h>

#include <fstream>
#include <memory>

#include "schemas/error.h"
#include "schemas/utf8.h"
#include "workers/commands/model_arguments.h"

namespace camsweep {
namespace {

// Files from other systems may begin with a byte order mark and end lines in CR LF.
std::vector<std::string> names_of_file(const std::string& file) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  std::ifstream in(file);
  if (!in) throw ConfigError(fmt::format("{}: cannot be read as a list of class names", file));
  std::vector<std::string> names;
  for (std::string line; std::getline(in, line);) {
    if (names.empty() && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
    if (line.ends_with('\r')) line.pop_back();
    require_utf8(fmt::format("{}:{}: the class", file, names.size() + 1), line);
    names.push_back(std::move(line));
  }
  return names;
}

}  // namespace

std::vector<std::string> class_names(const ClassNameSources& sources, int64_t classes) {
  const auto require_count = [&](const std::string& place, size_t found) {
    if (static_cast<int64_t>(found) == classes) return;
    throw ConfigError(fmt::format("{} names {} classes, expected the {} of the network", place, found, classes));
  };
  if (!sources.file.empty()) {
    std::vector<std::string> names = names_of_file(sources.file);
    require_count(sources.file, names.size());
    return names;
  }
  if (sources.dataset.empty()) return sources.model;
  const std::unique_ptr<Dataset> dataset = open_dataset(sources.dataset);
  require_count(sources.dataset, static_cast<size_t>(dataset->classes()));
  if (dataset->class_names().empty()) fmt::print(stderr, "{} has no names for its classes\n", sources.dataset);
  return dataset->class_names();
}

}  // namespace camsweep
