#include "orchestrator/checkpoint_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "orchestrator/expansion.h"
#include "schemas/backbone_catalog.h"
#include "schemas/files.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxCellsShown = 3;

fs::path existing(const fs::path& folder, const std::string& named_by) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    throw ConfigError(fmt::format("{}: there is no folder of checkpoints '{}'", named_by, folder.string()));
  }
  return fs::absolute(folder).lexically_normal();
}

// "a; b; c and 5 more"
std::string few(const std::vector<std::string>& cells) {
  const size_t shown = std::min(cells.size(), kMaxCellsShown);
  std::string text = join({cells.begin(), cells.begin() + static_cast<std::ptrdiff_t>(shown)}, "; ");
  if (shown < cells.size()) text += fmt::format(" and {} more", cells.size() - shown);
  return text;
}

void add_once(std::vector<std::string>& list, const std::string& text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
}

}  // namespace

fs::path checkpoint_folder(const fs::path& option) {
  if (!option.empty()) return existing(option, "--checkpoints");
  const char* variable = std::getenv("CAMSWEEP_CHECKPOINTS");
  return variable && *variable ? existing(variable, "CAMSWEEP_CHECKPOINTS") : fs::path();
}

fs::path checkpoint_folder(const fs::path& option, const SweepSpec& sweep) {
  const std::string& named = sweep.checkpoints.folder;
  if (!option.empty() || named.empty()) return checkpoint_folder(option);
  const fs::path folder = resolve_path(named, sweep.file);
  return existing(folder.empty() ? fs::path(named) : folder, sweep.file.string() + ": checkpoints.folder");
}

std::vector<fs::path> find_checkpoint(const fs::path& folder, const std::string& file) {
  std::vector<fs::path> found;
  if (folder.empty()) return found;
  std::error_code error;
  const auto look_in = [&](const fs::path& place) {
    if (fs::is_regular_file(place / file, error)) found.push_back(place / file);
  };
  look_in(folder);
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.is_directory(error)) look_in(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

const Pretraining& PretrainingFinder::find(const Row& cell) {
  static const size_t kBackbone = parameter_position("backbone");
  static const size_t kPretraining = parameter_position("pretraining");
  const auto& backbone = cell[kBackbone]->get_ref<const std::string&>();
  const auto& name = cell[kPretraining]->get_ref<const std::string&>();
  auto known = found_.find({backbone, name});
  if (known == found_.end()) known = found_.emplace(std::pair(backbone, name), look_up(cell, backbone, name)).first;
  if (const std::optional<size_t> problem = known->second.problem) {
    add_once(problems_[*problem].backbones, backbone);
    problems_[*problem].cells.push_back(cell_label(sweep_, cell));
  }
  return known->second;
}

// A name of the catalog comes before a file of that name: `./in1k` is always the file.
Pretraining PretrainingFinder::look_up(const Row& cell, const std::string& backbone, const std::string& name) {
  if (name == "none") return {};
  if (const PublishedCheckpoint* entry = sweep_.checkpoints.find(backbone, name)) return published(*entry);
  const fs::path file = resolve_path(name, sweep_.file);
  if (file.empty() || !fs::is_regular_file(file)) refuse(cell, backbone, name);
  return {.path = file.string(), .text = canonical(cache_.sha256(file))};
}

Pretraining PretrainingFinder::published(const PublishedCheckpoint& entry) {
  if (!folder_) folder_ = checkpoint_folder(option_, sweep_);
  Pretraining pretraining{.published = &entry};
  const std::vector<fs::path> files = find_checkpoint(*folder_, entry.file);
  if (files.empty()) {
    pretraining.problem = problem_of(entry, "is missing");
  } else if (files.size() > 1) {
    pretraining.problem =
        problem_of(entry, fmt::format("is there twice, as {} and {}: keep one", files[0].string(), files[1].string()));
  } else {
    const std::string hash = cache_.sha256(files[0]);
    pretraining.path = files[0].string();
    pretraining.text = canonical(hash);
    if (!hash.starts_with(entry.sha256)) {
      pretraining.problem = problem_of(
          entry, fmt::format("has a SHA-256 that begins with {}, not with {}: {} is a damaged download or another file",
                             hash.substr(0, entry.sha256.size()), entry.sha256, files[0].string()));
    }
  }
  return pretraining;
}

void PretrainingFinder::refuse(const Row& cell, const std::string& backbone, const std::string& name) const {
  const std::string place =
      fmt::format("{}: pretraining '{}' (cell {})", sweep_.file.string(), name, cell_label(sweep_, cell));
  const bool looks_like_path = name.find('/') != std::string::npos || name.find('.') != std::string::npos;
  if (looks_like_path) throw ConfigError(place + ": there is no such file");
  const std::vector<std::string> names = sweep_.checkpoints.names(backbone);
  if (!names.empty()) {
    throw ConfigError(fmt::format("{}: the published weights of {} are {}{}; otherwise write `none` or a file's path",
                                  place, backbone, join(names), did_you_mean(name, names)));
  }
  const std::string base = sweep_.backbones.value(backbone, Json::object()).value("base", "");
  const std::string why = base.empty() ? "" : fmt::format(" (those of its base {} rarely fit a changed network)", base);
  throw ConfigError(fmt::format("{}: the catalog has no published weights of {}{}; write `none` or a file's path",
                                place, backbone, why));
}

// One per file, whichever backbones load it.
size_t PretrainingFinder::problem_of(const PublishedCheckpoint& entry, const std::string& sentence) {
  const auto known = std::find_if(problems_.begin(), problems_.end(), [&](const CheckpointProblem& problem) {
    return problem.file == entry.file && problem.problem == sentence;
  });
  if (known != problems_.end()) return static_cast<size_t>(known - problems_.begin());
  problems_.push_back({.file = entry.file, .source = entry.source, .problem = sentence, .folder = *folder_});
  return problems_.size() - 1;
}

void PretrainingFinder::check() const {
  if (problems_.empty()) return;
  const std::string searched =
      folder_->empty()
          ? "no folder is named: give --checkpoints DIR, `checkpoints: {folder: DIR}` or CAMSWEEP_CHECKPOINTS"
          : fmt::format("searched in {} and the folders in it", folder_->string());
  std::string text = fmt::format("{}: {} published weights file{} cannot be used ({})", sweep_.file.string(),
                                 problems_.size(), problems_.size() == 1 ? "" : "s", searched);
  for (const CheckpointProblem& problem : problems_) {
    const size_t cells = problem.cells.size();
    text +=
        fmt::format("\n  {} {}\n    published at {}\n    needed by {} in {} cell{}: {}", problem.file, problem.problem,
                    problem.source, join(problem.backbones), cells, cells == 1 ? "" : "s", few(problem.cells));
  }
  throw CheckpointError(text, problems_);
}

void NormalizationNotes::add(const Row& cell, const PublishedCheckpoint& entry) {
  static const size_t kMean = parameter_position("normalization_mean");
  static const size_t kStd = parameter_position("normalization_std");
  ++cells_[{cell[kMean], cell[kStd], &entry}];
}

std::vector<std::string> NormalizationNotes::sentences() const {
  std::map<std::string, size_t> counts;
  for (const auto& [key, count] : cells_) {
    const auto& [mean, deviation, entry] = key;
    const std::string own = fmt::format("mean {}, std {}", mean->dump(), deviation->dump());
    const bool as_published = *mean == entry->mean && *deviation == entry->std;
    counts[as_published ? fmt::format("normalized as their published weights were: {}", own)
                        : fmt::format("normalized by {}, their published weights by mean {}, std {}", own,
                                      entry->mean.dump(), entry->std.dump())] += count;
  }
  std::vector<std::string> all;
  for (const auto& [sentence, count] : counts) {
    all.push_back(fmt::format("{} cell{}: {}", count, count == 1 ? "" : "s", sentence));
  }
  return all;
}

}  // namespace camsweep
