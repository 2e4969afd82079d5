#include "results/metric_info.h"

#include <array>

#include "schemas/map_methods.h"

namespace camsweep {
namespace {

using Better = MetricInfo::Better;

struct Known {
  std::string_view name;
  std::string_view title;
  Better better;
  int decimals;
};

constexpr std::array<Known, 32> kKnown = {{
    {"maxboxacc", "MaxBoxAcc (%)", Better::kHigher, 1},
    {"maxboxacc_transfer", "MaxBoxAcc, threshold from val (%)", Better::kHigher, 1},
    {"maxboxacc_v2", "MaxBoxAccV2 (%)", Better::kHigher, 1},
    {"maxboxacc_v2_transfer", "MaxBoxAccV2, thresholds from val (%)", Better::kHigher, 1},
    {"maxboxacc_threshold", "map threshold", Better::kUnknown, 3},
    {"top1_loc", "top-1 localization (%)", Better::kHigher, 1},
    {"top1_loc_error", "top-1 localization error at threshold 0.2 (%)", Better::kLower, 1},
    {"top5_loc", "top-5 localization (%)", Better::kHigher, 1},
    {"top5_loc_error", "top-5 localization error at threshold 0.2 (%)", Better::kLower, 1},
    {"gt_known", "GT-known localization (%)", Better::kHigher, 1},
    {"boxacc", "BoxAcc at IoU 0.5 (%)", Better::kHigher, 1},
    {"top1", "top-1 accuracy (%)", Better::kHigher, 1},
    {"top5", "top-5 accuracy (%)", Better::kHigher, 1},
    {"loss", "loss (nats)", Better::kLower, 3},
    {"lr", "learning rate", Better::kUnknown, 6},
    {"auc", "ERF size (area under ratio curve)", Better::kUnknown, 3},
    {"side_auc", "ERF size (area under side curve)", Better::kUnknown, 3},
    {"ratio", "ERF area ratio", Better::kUnknown, 4},
    {"area_mean", "activated area, share of the map", Better::kUnknown, 3},
    {"pearson_abs_w_area", "correlation of |weight| and activated area", Better::kUnknown, 3},
    {"gap_mean", "mean pooled activation", Better::kUnknown, 3},
    {"rate_mean", "contribution rate of PC1, mean", Better::kUnknown, 3},
    {"rate_std", "contribution rate of PC1, standard deviation", Better::kUnknown, 3},
    {"whole_image", "whole-image box, MaxBoxAcc (%)", Better::kHigher, 1},
    {"centred", "best centred box, MaxBoxAcc (%)", Better::kHigher, 1},
    {"accuracy", "accuracy (%)", Better::kHigher, 1},
    {"iou", "IoU of map and noisy segment", Better::kHigher, 3},
    {"peak_inside", "peak of the map in the noisy segment (%)", Better::kHigher, 1},
    {"top1_cam_crop", "top-1 accuracy on CAM crops (%)", Better::kHigher, 1},
    {"top1_gt_crop", "top-1 accuracy on true boxes (%)", Better::kHigher, 1},
    {"crop_iou", "IoU of CAM crop and true box", Better::kHigher, 3},
    {"epoch", "epoch", Better::kUnknown, 0},
}};

constexpr std::string_view kTrueClass = "_gt";

}  // namespace

std::string source_title(std::string_view source) {
  if (source.ends_with(kTrueClass))
    return source_title(source.substr(0, source.size() - kTrueClass.size())) + " (true class)";
  if (const MapMethodInfo* method = find_map_method(source)) return std::string(method->title);
  if (source == "train") return "training";
  if (source == "val") return "validation";
  if (source == "svm") return "linear SVM";
  return std::string(source);
}

Stage metric_stage(std::string_view metric) {
  const std::string_view source = metric.substr(0, metric.find('.'));
  if (source == "train" || source == "val" || source == "test") return Stage::kTrain;
  return stage_from_name(source).value_or(Stage::kLocalize);
}

std::optional<std::string> floor_metric(std::string_view metric, std::string_view box) {
  const std::string_view last = metric.substr(metric.find('.') + 1);
  if (last == "maxboxacc" || last == "maxboxacc_transfer") return "floor." + std::string(box);
  if (last == "maxboxacc_v2" || last == "maxboxacc_v2_transfer") return "floor." + std::string(box) + "_v2";
  return std::nullopt;
}

MetricInfo metric_info(std::string_view metric) {
  const size_t dot = metric.find('.');
  const std::string_view source = metric.substr(0, dot);
  const std::string_view last = dot == std::string_view::npos ? metric : metric.substr(dot + 1);
  for (const Known& known : kKnown) {
    if (known.name != last) continue;
    const bool plain = dot == std::string_view::npos || source == "erf" || source == "pca" || source == "activation" ||
                       source == "signals" || source == "floor";
    return {.title = plain ? std::string(known.title) : source_title(source) + " " + std::string(known.title),
            .better = known.better,
            .decimals = known.decimals,
            .known = true};
  }
  return {.title = std::string(metric), .better = Better::kUnknown, .decimals = 3, .known = false};
}

}  // namespace camsweep
