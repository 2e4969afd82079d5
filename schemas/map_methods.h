#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camsweep {

// Every kind of score map, as data: the sweep loader, metric names and the workers read it here.
enum class MapMethod {
  kCam,
  kCamPositive,
  kCamNegative,
  kCamSmall,
  kCamLarge,
  kGradCam,
  kHiResCam,
  kXGradCam,
  kGradCamPp,
  kLayerCam,
  kAblationCam,
  kEigenCam,
  kEigenGradCam,
  kPc1,
  kScoreCam,
  kFullGrad,
  kDdt,
  kRandom,
  kCentre,
};

struct MapMethodInfo {
  MapMethod method;
  std::string_view name;
  std::string_view title;  // as papers print it
  // Whether the map is one of a class. The others are computed once per image.
  enum class Subject { kClass, kImage } subject;
  std::string_view meaning;  // one line
  std::string_view cost;     // beyond the one pass that all methods share; empty: next to nothing
};

// In the order of the enumeration.
const std::vector<MapMethodInfo>& map_methods();
const MapMethodInfo& map_method_info(MapMethod method);
const MapMethodInfo* find_map_method(std::string_view name);
std::vector<std::string> map_method_names();

// The parameter `layers`: empty for "last", else the numbers of "stage2+stage3", rising. None for another text.
std::optional<std::vector<int>> parse_layers(std::string_view text);

// What a method can do depends on the network and these options.
struct MapSetting {
  std::string network;  // a backbone's name
  int stages = 4;       // of its trunk
  enum class Classifier { kPooled, kFullyConnected, kErasing } classifier = Classifier::kPooled;
  enum class Pooling { kAverage, kMaximum } pooling = Pooling::kAverage;
  std::vector<int> layers = {};
  bool exact_weights = false;  // cam_weight: exact
  bool weighted_pc1 = true;    // pc1_input: weighted
  bool eigen_sign_by_cam = false;
};

// Whether the method multiplies maps by the classifier's weights.
bool takes_classifier(MapMethod method, const MapSetting& setting);
// Why the network does not give the method's map, in one sentence; none if it does.
std::optional<std::string> method_problem(MapMethod method, const MapSetting& setting);

// Maps that ignore the network's opinion, `random` and `centre`: they stand in every table.
const std::vector<MapMethod>& baseline_methods();
bool is_baseline(MapMethod method);

}  // namespace camsweep
