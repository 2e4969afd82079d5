#include "orchestrator/variant_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

#include "orchestrator/expansion.h"
#include "schemas/error.h"
#include "schemas/map_methods.h"
#include "schemas/parameters.h"

namespace camsweep {
namespace {

bool has_erasing_head(const Row& cell) {
  static const size_t kMethod = parameter_position("wsol_method");
  return *cell[kMethod] == "acol";
}

MapSetting::Classifier classifier_of(const Row& cell, const BackboneVariant& variant) {
  if (has_erasing_head(cell)) return MapSetting::Classifier::kErasing;
  return has_class_maps(variant) ? MapSetting::Classifier::kPooled : MapSetting::Classifier::kFullyConnected;
}

// Why the cell's network does not give a map that the analysis asks for.
std::optional<std::string> localize_problem(const Row& cell, const AnalysisSpec& analysis,
                                            const BackboneVariant& variant) {
  const auto value = [&](const char* name) {
    const auto own = analysis.options.find(name);
    return own != analysis.options.end() ? *own : *cell[parameter_position(name)];
  };
  const MapSetting setting{
      .network = variant.name,
      .stages = stage_count(variant),
      .classifier = classifier_of(cell, variant),
      .pooling = value("pool") == "gmp" ? MapSetting::Pooling::kMaximum : MapSetting::Pooling::kAverage,
      .layers = *parse_layers(value("layers").get<std::string>()),
      .exact_weights = value("cam_weight") == "exact",
      .weighted_pc1 = value("pc1_input") == "weighted",
      .eigen_sign_by_cam = value("eigen_sign") == "cam"};
  for (const Json& name : analysis.options.at("methods")) {
    const MapMethod method = find_map_method(name.get_ref<const std::string&>())->method;
    if (auto problem = method_problem(method, setting)) return problem;
  }
  return std::nullopt;
}

// Why the cell and the analyses do not fit images, or signals, whichever the data set holds.
std::optional<std::string> sample_problem(const SweepSpec& sweep, const Row& cell, const BackboneVariant& variant) {
  const auto name = [](bool signals) { return signals ? "signals" : "images"; };
  const bool signals = sweep.dataset.value("kind", "") == "signals";
  if (takes_signals(variant) != signals) {
    return fmt::format("{} takes {}, but the data set holds {}", variant.name, name(!signals), name(signals));
  }
  for (const AnalysisSpec& analysis : sweep.analyses) {
    const bool of_signals = analysis.stage == Stage::kSignals;
    if (of_signals == signals) continue;
    return fmt::format("the analysis `{}` is of {}, but the data set holds {}", stage_name(analysis.stage),
                       name(of_signals), name(signals));
  }
  if (!signals) return std::nullopt;
  const int length = sweep.dataset.value("length", 100);
  if (*cell[parameter_position("resolution")] != length) {
    return fmt::format("resolution is {}, but the signals have {} values",
                       cell[parameter_position("resolution")]->dump(), length);
  }
  return std::nullopt;
}

}  // namespace

void check_variant(const SweepSpec& sweep, const Row& cell, const BackboneVariant& variant) {
  static const size_t kResolution = parameter_position("resolution");
  const auto refuse = [&](const std::string& what) {
    throw ConfigError(fmt::format("{}: {} (cell {})", sweep.file.string(), what, cell_label(sweep, cell)));
  };
  if (const auto problem = sample_problem(sweep, cell, variant)) refuse(*problem);
  const int resolution = *cell[kResolution];
  if (resolution < smallest_training_side(variant)) {
    refuse(fmt::format("resolution is {}, but {} takes images of at least {} px", resolution, variant.name,
                       smallest_training_side(variant)));
  }
  for (const AnalysisSpec& analysis : sweep.analyses) {
    if (analysis.stage != Stage::kLocalize) continue;
    if (const auto problem = localize_problem(cell, analysis, variant)) refuse(*problem);
  }
  const auto needs_maps = [](const AnalysisSpec& analysis) {
    return analysis.stage == Stage::kPca || analysis.stage == Stage::kActivation;
  };
  const auto analysis = std::ranges::find_if(sweep.analyses, needs_maps);
  if (analysis == sweep.analyses.end()) return;
  if (has_erasing_head(cell)) {
    refuse(fmt::format("wsol_method is acol, whose head has no weights on feature maps, which `{}` needs",
                       stage_name(analysis->stage)));
  }
  if (!has_class_maps(variant)) {
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
