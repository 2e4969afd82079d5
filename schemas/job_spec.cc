#include "schemas/job_spec.h"

#include <array>
#include <utility>

namespace camsweep {
namespace {

constexpr std::array<std::pair<Stage, std::string_view>, kAllStages.size()> kStages = {{
    {Stage::kTrain, "train"},
    {Stage::kLocalize, "localize"},
    {Stage::kErf, "erf"},
    {Stage::kPca, "pca"},
    {Stage::kActivation, "activation"},
    {Stage::kSignals, "signals"},
    {Stage::kSvm, "svm"},
}};

}  // namespace

std::string_view stage_name(Stage stage) { return kStages[static_cast<size_t>(stage)].second; }

std::vector<std::string> stage_names() {
  std::vector<std::string> names;
  for (const Stage stage : kAllStages) names.emplace_back(stage_name(stage));
  return names;
}

std::optional<Stage> stage_from_name(std::string_view name) {
  for (const auto& [stage, known] : kStages) {
    if (known == name) return stage;
  }
  return std::nullopt;
}

}  // namespace camsweep
