#include "orchestrator/variant_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "orchestrator/expansion.h"
#include "schemas/error.h"
#include "schemas/parameters.h"

namespace camsweep {

void check_variant(const SweepSpec& sweep, const Row& cell, const BackboneVariant& variant) {
  static const size_t kResolution = parameter_position("resolution");
  const auto refuse = [&](const std::string& what) {
    throw ConfigError(fmt::format("{}: {} (cell {})", sweep.file.string(), what, cell_label(sweep, cell)));
  };
  const int resolution = *cell[kResolution];
  if (resolution < smallest_training_side(variant)) {
    refuse(fmt::format("resolution is {}, but {} takes images of at least {} px", resolution, variant.name,
                       smallest_training_side(variant)));
  }
  const auto needs_maps = [](const AnalysisSpec& analysis) { return analysis.stage != Stage::kErf; };
  const auto analysis = std::ranges::find_if(sweep.analyses, needs_maps);
  if (analysis != sweep.analyses.end() && !has_class_maps(variant)) {
    refuse(
        fmt::format("{} has no class activation maps for `{}`, as its classifier is of fully connected layers; the "
                    "tail `cam` has ({}_gap)",
                    variant.name, stage_name(analysis->stage), variant.family == "vgg" ? "vgg16" : "alexnet"));
  }
}

std::vector<std::string> idle_parameters(const Row& cell, const BackboneVariant& variant) {
  static const size_t kDropPath = parameter_position("drop_path");
  static const size_t kSparsity = parameter_position("sparsity");
  static const size_t kPretraining = parameter_position("pretraining");
  std::vector<std::string> idle;
  if (cell[kDropPath]->get<double>() > 0 && !has_residual_branches(variant)) {
    idle.push_back(fmt::format("drop_path has no effect on {}, which has no residual branches to drop", variant.name));
  }
  if (*cell[kSparsity] == "keep" && *cell[kPretraining] == "none") {
    idle.emplace_back("sparsity has no effect without pretraining: new weights have no zeros to keep");
  }
  return idle;
}

}  // namespace camsweep
