#include "schemas/metric_names.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "schemas/map_methods.h"

namespace camsweep {
namespace {

using Names = std::vector<std::string>;

void add(Names& names, std::string_view source, std::initializer_list<std::string_view> metrics) {
  for (const std::string_view metric : metrics) names.push_back(std::string(source) + "." + std::string(metric));
}

void add_training(Names& names) {
  add(names, "train", {"loss", "lr", "top1", "best_epoch"});
  for (const char* split : {"val", "test", "val_ema", "test_ema"}) add(names, split, {"top1", "top5", "loss"});
}

void add_maps(Names& names, const std::string& source) {
  add(names, source,
      {"maxboxacc", "maxboxacc_threshold", "maxboxacc_v2", "maxboxacc_30", "maxboxacc_50", "maxboxacc_70",
       "maxboxacc_30_threshold", "maxboxacc_50_threshold", "maxboxacc_70_threshold", "maxboxacc_transfer",
       "maxboxacc_transfer_threshold", "maxboxacc_v2_transfer", "constant_maps"});
}

// Both classes of the map are always computed; only the true one can tell what a known class would give.
void add_localization(Names& names, const Json& methods) {
  std::vector<MapMethod> all = baseline_methods();
  for (const std::string name : methods) all.push_back(find_map_method(name)->method);
  for (const MapMethod method : all) {
    const MapMethodInfo& info = map_method_info(method);
    const std::string name(info.name);
    add_maps(names, name);
    add(names, name, {"top1_loc", "top1_loc_error"});
    if (info.subject == MapMethodInfo::Subject::kImage) continue;
    add_maps(names, name + "_gt");
    add(names, name + "_gt", {"gt_known", "top5_loc", "top5_loc_error"});
  }
  add(names, "localize", {"top1", "top5", "images", "constant_maps"});
  add(names, "floor", {"whole_image", "whole_image_v2", "centred", "centred_side", "centred_v2"});
}

void add_analysis(Names& names, Stage stage, const Json& methods) {
  switch (stage) {
    case Stage::kTrain:
      return add_training(names);
    case Stage::kLocalize:
      return add_localization(names, methods);
    case Stage::kErf:
      for (const int percent : {10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99}) {
        add(names, "erf", {"side_" + std::to_string(percent)});
      }
      return add(names, "erf", {"auc", "side_auc", "undefined_sizes", "images", "skipped_images"});
    case Stage::kPca:
      return add(names, "pca", {"rate_mean", "rate_std", "images", "without_component", "dropped_channels"});
    case Stage::kActivation:
      return add(names, "activation",
                 {"pearson_abs_w_area", "area_mean", "area_image_mean", "area_map_mean", "gap_mean", "gap_low",
                  "gap_high", "weight_low", "weight_high", "constant_maps", "points", "images"});
    case Stage::kSignals:
      return add(names, "signals", {"accuracy", "iou", "peak_inside", "signals", "scored", "empty_maps"});
    case Stage::kSvm:
      return add(names, "svm", {"top1", "cost", "top1_cam_crop", "top1_gt_crop", "crop_iou", "empty_maps"});
  }
}

bool holds(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::vector<std::string> metric_names(const std::vector<AnalysisSpec>& analyses) {
  Names names;
  add_training(names);
  for (const AnalysisSpec& analysis : analyses) {
    add_analysis(names, analysis.stage, analysis.options.value("methods", Json::array()));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string analysis_of_metric(const std::string& metric) {
  for (const std::string& method : map_method_names()) {
    Names names;
    add_localization(names, Json::array({method}));
    if (holds(names, metric)) return "localize: [" + method + "]";
  }
  for (const Stage stage : kAllStages) {
    if (stage == Stage::kTrain || stage == Stage::kLocalize) continue;
    Names names;
    add_analysis(names, stage, Json::array());
    if (holds(names, metric)) return std::string(stage_name(stage));
  }
  return "";
}

}  // namespace camsweep
