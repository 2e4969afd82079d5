#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/rules.h"
#include "schemas/job_spec.h"
#include "schemas/sweep_spec.h"

namespace camsweep {

// Writes the canonical texts of which ids are the hashes (design, 6) straight from the values of a cell: what would be
// four million small objects for a hundred thousand cells is one string that is used again. An identity is the object
// {dataset, needs, parameters, pretraining, stage, version}, spelled as canonical() does. One writer per thread; a text
// is valid until the next call.
class IdentityWriter {
 public:
  // The fingerprint of the data set enters every job.
  IdentityWriter(const std::string& dataset_fingerprint, const std::vector<AnalysisSpec>& analyses);

  // A cell's: cell_parameters().
  const std::string& cell(const Row& cell);

  // What a training's identity has beside the cell's parameters: canonical texts but for the seed.
  struct Training {
    int64_t seed = 0;
    std::string_view variant;      // to_json(find_backbone(..))
    std::string_view snapshots;    // those within the cell's epochs
    std::string_view pretraining;  // SHA-256 of the file, or null
  };
  const std::string& training(const Row& cell, const Training& training);

  // Of the entry `index` of the analyses on what `train` leaves; `at` none: on the final weights.
  const std::string& analysis(const Row& cell, size_t index, const JobId& train, std::optional<int> at);

 private:
  // Where the value of a member comes from: the cell, one of what a call brings, or always the same text.
  enum class Source { kCell, kSeed, kSnapshots, kVariant, kAt, kFixed };
  struct Member {
    std::string key;  // with quotes and colon, after a comma but for the first
    Source source = Source::kCell;
    size_t position = 0;
    std::string text;
    std::string omitted;  // of a later parameter: the value with which it does not appear
  };
  using Layout = std::vector<Member>;
  using Brought = std::array<std::string_view, 5>;  // by Source; kCell unused

  static Layout layout(const Json& members);
  void append_parameters(const Row& cell, const Layout& layout, const Brought& brought);
  const std::string& value(const Row& cell, size_t position);
  void finish(std::string_view pretraining, Stage stage);

  std::string head_;  // {"dataset":"..","needs":[
  Layout cell_;
  Layout training_;
  std::vector<Stage> stages_;  // of the analyses
  std::vector<Layout> analyses_;
  std::vector<const Json*> seen_;  // per parameter, the value that texts_ spells: neighbouring cells share most
  std::vector<std::string> texts_;
  std::string text_;
};

}  // namespace camsweep
