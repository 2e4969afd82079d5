#include "schemas/map_methods.h"

#include <fmt/format.h>

#include <algorithm>

#include "schemas/error.h"

namespace camsweep {

const std::vector<MapMethodInfo>& map_methods() {
  using enum MapMethod;
  constexpr auto kOfClass = MapMethodInfo::Subject::kClass;
  constexpr auto kOfImage = MapMethodInfo::Subject::kImage;
  static const std::vector<MapMethodInfo> table = {
      {kCam, "cam", "CAM", kOfClass, "feature maps weighted by the classifier (Zhou et al. 2016)", ""},
      {kCamPositive, "cam_positive", "positive-only CAM", kOfClass, "cam, of positive weights alone", ""},
      {kCamNegative, "cam_negative", "negative-only CAM", kOfClass, "cam, of negative weights alone", ""},
      {kCamSmall, "cam_small", "small-weight CAM", kOfClass, "cam, of positive weights up to `weight_split`", ""},
      {kCamLarge, "cam_large", "large-weight CAM", kOfClass, "cam, of weights above `weight_split`", ""},
      {kGradCam, "gradcam", "Grad-CAM", kOfClass, "weighted by mean gradients (Selvaraju et al. 2017)", ""},
      {kHiResCam, "hirescam", "HiRes-CAM", kOfClass, "gradient times activation (Draelos and Carin 2020)", ""},
      {kXGradCam, "xgradcam", "XGrad-CAM", kOfClass, "gradients weighted by activation (Fu et al. 2020)", ""},
      {kGradCamPp, "gradcam_pp", "Grad-CAM++", kOfClass, "weighted by second-order terms (Chattopadhay et al. 2018)",
       ""},
      {kLayerCam, "layercam", "LayerCAM", kOfClass, "positive gradient times activation (Jiang et al. 2021)", ""},
      {kAblationCam, "ablationcam", "Ablation-CAM", kOfClass,
       "weighted by what a channel's absence costs (Desai et al. 2020)", ""},
      {kEigenCam, "eigencam", "Eigen-CAM", kOfImage, "first component of the activations (Muhammad and Yeasin 2020)",
       ""},
      {kEigenGradCam, "eigengradcam", "EigenGrad-CAM", kOfClass, "first component of gradient times activation", ""},
      {kPc1, "pc1", "PC1", kOfClass, "first component over channels (Yasuki and Taki 2024)", ""},
      {kScoreCam, "scorecam", "Score-CAM", kOfClass, "weighted by the score of masked images (Wang et al. 2020)",
       "one forward pass per class and channel of `scorecam_channels`"},
      {kFullGrad, "fullgrad", "FullGrad", kOfClass,
       "gradients of the input and of every bias (Srinivas and Fleuret 2019)",
       "one backward pass through the whole network per image and class, keeping every activation"},
      {kDdt, "ddt", "DDT", kOfClass, "first component of a class's training images (Wei et al. 2017)",
       "one pass over the train split"},
      {kRandom, "random", "random weights", kOfImage, "feature maps with random weights", ""},
      {kCentre, "centre", "centre Gaussian", kOfImage, "a Gaussian at the centre", ""},
  };
  return table;
}

const MapMethodInfo& map_method_info(MapMethod method) {
  const MapMethodInfo& info = map_methods()[static_cast<size_t>(method)];
  CAMSWEEP_CHECK(info.method == method, "the table of map methods is in the order of its enumeration");
  return info;
}

const MapMethodInfo* find_map_method(std::string_view name) {
  const std::vector<MapMethodInfo>& table = map_methods();
  const auto found =
      std::find_if(table.begin(), table.end(), [name](const MapMethodInfo& info) { return info.name == name; });
  return found == table.end() ? nullptr : &*found;
}

std::vector<std::string> map_method_names() {
  std::vector<std::string> names;
  for (const MapMethodInfo& info : map_methods()) names.emplace_back(info.name);
  return names;
}

std::optional<std::vector<int>> parse_layers(std::string_view text) {
  constexpr std::string_view kPrefix = "stage";
  std::vector<int> layers;
  if (text == "last") return layers;
  for (;;) {
    const std::string_view part = text.substr(0, text.find('+'));
    if (!part.starts_with(kPrefix) || part.size() != kPrefix.size() + 1) return std::nullopt;
    const int layer = part.back() - '0';
    if (layer < 1 || layer > 9 || (!layers.empty() && layer <= layers.back())) return std::nullopt;
    layers.push_back(layer);
    if (part.size() == text.size()) return layers;
    text.remove_prefix(part.size() + 1);
  }
}

bool takes_classifier(MapMethod method, const MapSetting& setting) {
  switch (method) {
    case MapMethod::kCam:
    case MapMethod::kCamPositive:
    case MapMethod::kCamNegative:
    case MapMethod::kCamSmall:
    case MapMethod::kCamLarge:
      return true;
    case MapMethod::kPc1:
      return setting.weighted_pc1;
    case MapMethod::kEigenCam:
    case MapMethod::kEigenGradCam:
      return setting.eigen_sign_by_cam;
    default:
      return false;
  }
}

std::optional<std::string> method_problem(MapMethod method, const MapSetting& setting) {
  const std::string_view name = map_method_info(method).name;
  if (is_baseline(method)) return std::nullopt;
  if (!setting.layers.empty() && setting.layers.back() > setting.stages) {
    return fmt::format("layers: {} has no stage{}, it has {} stages", setting.network, setting.layers.back(),
                       setting.stages);
  }
  if (!setting.layers.empty() && method == MapMethod::kFullGrad) {
    return fmt::format("{}: takes no layer, it sums over all of them", name);
  }
  if (setting.layers.size() > 1 && method != MapMethod::kLayerCam) {
    return fmt::format("{}: takes one layer; layercam alone joins several", name);
  }
  if (!takes_classifier(method, setting)) return std::nullopt;
  if (!setting.layers.empty() && setting.layers.front() != setting.stages) {
    return fmt::format(
        "{}: weights the last feature map as the classifier does, which knows no other layer; gradcam explains those",
        name);
  }
  if (setting.classifier == MapSetting::Classifier::kFullyConnected) {
    return fmt::format(
        "{}: {} has no class activation map, as its classifier is of fully connected layers; gradcam is for such "
        "networks",
        name, setting.network);
  }
  if (setting.classifier == MapSetting::Classifier::kErasing) {
    if (method == MapMethod::kCam) return std::nullopt;  // the head's own
    return fmt::format("{}: the head of acol has no weights on feature maps; cam is its own map, and gradcam works too",
                       name);
  }
  if (setting.exact_weights && setting.pooling == MapSetting::Pooling::kMaximum) {
    return fmt::format("{}: cam_weight 'exact' needs average pooling; {} has pool 'gmp'", name, setting.network);
  }
  return std::nullopt;
}

bool is_baseline(MapMethod method) {
  const std::vector<MapMethod>& baselines = baseline_methods();
  return std::find(baselines.begin(), baselines.end(), method) != baselines.end();
}

const std::vector<MapMethod>& baseline_methods() {
  static const std::vector<MapMethod> methods = {MapMethod::kRandom, MapMethod::kCentre};
  return methods;
}

}  // namespace camsweep
