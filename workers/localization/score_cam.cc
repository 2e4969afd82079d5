#include "workers/localization/score_cam.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <vector>

namespace camsweep {
namespace {

constexpr int64_t kBatch = 16;

// Of the channels that are not constant, by falling importance.
std::vector<int64_t> chosen_channels(const at::Tensor& maps, const at::Tensor& importance, int count) {
  const at::Tensor ranges = maps.amax(at::IntArrayRef{1, 2}) - maps.amin(at::IntArrayRef{1, 2});
  const at::Tensor order = importance.argsort(/*stable=*/true, /*dim=*/0, /*descending=*/true);
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < order.numel(); ++i) {
    const auto channel = order[i].item<int64_t>();
    if (!(ranges[channel].item<double>() > 0)) continue;
    chosen.push_back(channel);
    if (count > 0 && chosen.size() == static_cast<size_t>(count)) break;
  }
  return chosen;
}

}  // namespace

at::Tensor score_cam(Backbone& backbone, const at::Tensor& image, const at::Tensor& layer, const at::Tensor& importance,
                     int64_t class_index, int count) {
  const at::NoGradGuard no_grad;
  const at::Tensor maps = layer[0].detach();
  const std::vector<int64_t> channels = chosen_channels(maps, importance, count);
  if (channels.empty()) return at::zeros({maps.size(1), maps.size(2)}, at::kDouble);
  const at::Tensor kept = maps.index_select(0, at::tensor(channels, at::kLong).to(maps.device()));
  const at::IntArrayRef side = image.sizes().slice(2);
  std::vector<at::Tensor> scores;
  for (const at::Tensor& part : kept.split(kBatch)) {
    const at::Tensor large = at::upsample_bilinear2d(part.unsqueeze(1), side, /*align_corners=*/false);
    const at::Tensor low = large.amin(at::IntArrayRef{1, 2, 3}, /*keepdim=*/true);
    const at::Tensor mask = (large - low) / (large.amax(at::IntArrayRef{1, 2, 3}, /*keepdim=*/true) - low);
    const at::Tensor logits = backbone.classify(backbone.features(image * mask, {}), {});
    scores.push_back(logits.select(1, class_index));
  }
  const at::Tensor weights = at::softmax(at::cat(scores).to(at::kCPU, at::kDouble), 0);
  return at::tensordot(weights, kept.to(at::kCPU, at::kDouble), {0}, {0});
}

}  // namespace camsweep
