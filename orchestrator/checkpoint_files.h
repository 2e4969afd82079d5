#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "orchestrator/dataset_fingerprint.h"
#include "orchestrator/rules.h"
#include "schemas/checkpoint_catalog.h"
#include "schemas/error.h"
#include "schemas/sweep_spec.h"

namespace camsweep {

// The folder in which published weights lie: `option` (--checkpoints), else what the sweep file names, else the
// environment variable CAMSWEEP_CHECKPOINTS; empty if nobody names one. Throws ConfigError if the one that counts is no
// folder.
std::filesystem::path checkpoint_folder(const std::filesystem::path& option);
std::filesystem::path checkpoint_folder(const std::filesystem::path& option, const SweepSpec& sweep);

// Where a catalog's file lies: in the folder or in a folder in it, sorted. Nothing in an empty folder.
std::vector<std::filesystem::path> find_checkpoint(const std::filesystem::path& folder, const std::string& file);

// A published file that a plan needs and cannot use.
struct CheckpointProblem {
  std::string file;
  std::string source;
  std::string problem;                      // "is missing", or what is wrong with what is there
  std::filesystem::path folder;             // that was searched; empty: nobody named one
  std::vector<std::string> backbones = {};  // that need it
  std::vector<std::string> cells = {};      // their labels
};

// All of them at once.
class CheckpointError : public ConfigError {
 public:
  CheckpointError(const std::string& text, std::vector<CheckpointProblem> problems)
      : ConfigError(text), problems_(std::move(problems)) {}
  const std::vector<CheckpointProblem>& problems() const { return problems_; }

 private:
  std::vector<CheckpointProblem> problems_;
};

// The weights that a cell starts from.
struct Pretraining {
  std::string path = {};                           // empty for random initialization
  std::string text = "null";                       // canonical, of the file's SHA-256
  const PublishedCheckpoint* published = nullptr;  // null for a path
  std::optional<size_t> problem = {};              // of those that check() reports
};

// Finds the weights of cells; each file is looked up and hashed once.
class PretrainingFinder {
 public:
  // `option` as for checkpoint_folder(), which is asked when the first published file is needed.
  PretrainingFinder(const SweepSpec& sweep, std::filesystem::path option, HashCache& cache)
      : sweep_(sweep), option_(std::move(option)), cache_(cache) {}

  // The result stays where it is. Throws ConfigError for a `pretraining` that is neither a published name of the
  // cell's backbone nor a file, and as checkpoint_folder().
  const Pretraining& find(const Row& cell);

  // Throws CheckpointError if a published file of any cell so far cannot be used.
  void check() const;

 private:
  Pretraining look_up(const Row& cell, const std::string& backbone, const std::string& name);
  Pretraining published(const PublishedCheckpoint& entry);
  [[noreturn]] void refuse(const Row& cell, const std::string& backbone, const std::string& name) const;
  size_t problem_of(const PublishedCheckpoint& entry, const std::string& sentence);

  const SweepSpec& sweep_;
  std::filesystem::path option_;
  std::optional<std::filesystem::path> folder_;  // once it was asked for
  HashCache& cache_;
  std::map<std::pair<std::string, std::string>, Pretraining> found_;  // by backbone and name
  std::vector<CheckpointProblem> problems_;
};

// What a plan says about the normalization of cells that start from published weights: theirs, or another. Cells and
// entries must outlive it.
class NormalizationNotes {
 public:
  void add(const Row& cell, const PublishedCheckpoint& entry);
  std::vector<std::string> sentences() const;

 private:
  // Mean, standard deviation and weights of cells to their number: many share the three.
  std::map<std::tuple<const Json*, const Json*, const PublishedCheckpoint*>, size_t> cells_;
};

}  // namespace camsweep
