#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <vector>

#include "schemas/backbone_catalog.h"
#include "workers/localization/component_maps.h"
#include "workers/localization/image_pass.h"
#include "workers/localization/map_engine.h"

// All maps of the last layer beside the forward pass they follow from: ResNet-50 at 224 px, batches of 8. And the first
// component of 1024 channels of 12 x 12 positions, one thread, beside the Gram matrix and the symmetric eigensolver of
// LibTorch, whose component it must equal. Runs alternate.
namespace camsweep {
namespace {

constexpr int kRuns = 15;
constexpr int64_t kBatch = 8;

double milliseconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

// Minimum and median.
struct Spread {
  explicit Spread(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    low = values.front();
    median = values[values.size() / 2];
  }
  double low = 0;
  double median = 0;
};

std::vector<MapMethod> last_layer_methods() {
  std::vector<MapMethod> methods;
  for (const MapMethodInfo& info : map_methods()) {
    if (info.cost.empty()) methods.push_back(info.method);
  }
  return methods;
}

void last_layer_maps() {
  const at::NoGradGuard no_grad;
  const auto backbone = make_backbone(find_backbone("resnet50"), {.classes = 200});
  backbone->initialize(1);
  const at::MemoryFormat format = place(*backbone, at::kCPU);
  const at::Tensor images = at::randn({kBatch, 3, 224, 224}).contiguous(format);
  const MapEngine engine(*backbone, last_layer_methods(), {});
  std::vector<MapRequest> requests(kBatch);
  for (int64_t i = 0; i < kBatch; ++i) requests[static_cast<size_t>(i)].classes = {i};

  std::vector<double> forward, maps, ratios;
  for (int run = 0; run <= kRuns; ++run) {
    MapPass pass;
    const double pass_ms = milliseconds([&] { pass = engine.run(images); });
    const double maps_ms = milliseconds([&] { engine.maps(pass, requests); });
    if (run == 0) continue;  // the first prepares memory
    forward.push_back(pass_ms);
    maps.push_back(maps_ms);
    ratios.push_back((pass_ms + maps_ms) / pass_ms);
  }
  const Spread pass(forward), made(maps), ratio(ratios);
  fmt::print(
      "{} last-layer maps of {} images: {:.1f} / {:.1f} ms beside a forward pass of {:.1f} / {:.1f} ms; "
      "both together {:.3f} / {:.3f} of the pass (min / median of {})\n",
      engine.methods().size(), kBatch, made.low, made.median, pass.low, pass.median, ratio.low, ratio.median, kRuns);
}

// Maps with a few common patterns and noise, as a network's are.
at::Tensor feature_maps(int64_t channels, int64_t side) {
  const at::Tensor patterns = at::rand({6, side * side}), weights = at::rand({channels, 6});
  return (at::mm(weights.square(), patterns) + 0.3 * at::rand({channels, side * side})).view({channels, side, side});
}

double eigensolver(const at::Tensor& features, std::vector<double>& component) {
  const at::Tensor rows = features.flatten(1);
  const at::Tensor low = std::get<0>(rows.min(1, true)), high = std::get<0>(rows.max(1, true));
  const at::Tensor scaled = (rows - low) / (high - low);
  const at::Tensor centred = scaled - scaled.mean(0, true);
  const at::Tensor gram = at::mm(centred.t(), centred);
  const auto [values, vectors] = at::linalg_eigh(gram);
  const at::Tensor leading = vectors.select(1, -1).to(at::kDouble).contiguous();
  component.assign(leading.const_data_ptr<double>(), leading.const_data_ptr<double>() + leading.numel());
  return (values[-1] / gram.trace()).item<double>();
}

int first_component_of_one_image() {
  at::set_num_threads(1);
  const at::Tensor weights = at::rand({1024}) + 0.1;
  std::vector<double> ours, theirs;
  for (int run = 0; run <= kRuns; ++run) {
    const at::Tensor features = feature_maps(1024, 12);
    FirstComponent first;
    std::vector<double> reference;
    double rate = 0;
    const double ours_ms = milliseconds([&] {
      first = first_component(features, weights, MapOptions::Pc1Input::kWeighted, MapOptions::Pc1Sign::kComponent);
    });
    const double theirs_ms = milliseconds([&] { rate = eigensolver(features, reference); });
    if (!(std::abs(first.rate - rate) < 1e-5 * rate)) {
      fmt::print(stderr, "maps: the contribution rate is {:g}, the eigensolver's {:g}\n", first.rate, rate);
      return 1;
    }
    if (run == 0) continue;
    ours.push_back(ours_ms);
    theirs.push_back(theirs_ms);
  }
  const Spread own(ours), other(theirs);
  fmt::print(
      "first component of 1024 maps of 12 x 12, one thread: {:.3f} / {:.3f} ms; Gram matrix and linalg_eigh "
      "{:.3f} / {:.3f} ms (min / median of {})\n",
      own.low, own.median, other.low, other.median, kRuns);
  return 0;
}

}  // namespace
}  // namespace camsweep

int main() {
  camsweep::last_layer_maps();
  return camsweep::first_component_of_one_image();
}
