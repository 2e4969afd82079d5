#include "workers/training/mixing.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace camsweep {
namespace {

at::Tensor draw_partners(int64_t count, bool shuffled, Random& random) {
  at::Tensor partner = at::arange(count, at::kLong);
  if (!shuffled) return partner.flip(0);
  auto* index = partner.data_ptr<int64_t>();
  for (int64_t i = count; i > 1; --i) std::swap(index[i - 1], index[random.integer(0, i - 1)]);
  return partner;
}

}  // namespace

CutBox cutmix_box(int64_t height, int64_t width, double lambda, int64_t centre_y, int64_t centre_x, bool ceil_edge) {
  const double ratio = std::sqrt(1 - lambda);
  const auto cut_y = static_cast<int64_t>(static_cast<double>(height) * ratio);
  const auto cut_x = static_cast<int64_t>(static_cast<double>(width) * ratio);
  const auto upper = [&](int64_t cut) { return ceil_edge ? (cut + 1) / 2 : cut / 2; };
  return {.top = std::clamp<int64_t>(centre_y - cut_y / 2, 0, height),
          .bottom = std::clamp<int64_t>(centre_y + upper(cut_y), 0, height),
          .left = std::clamp<int64_t>(centre_x - cut_x / 2, 0, width),
          .right = std::clamp<int64_t>(centre_x + upper(cut_x), 0, width)};
}

Mix draw_mix(const MixingOptions& options, int64_t count, int64_t height, int64_t width, Random& random) {
  Mix mix;
  if (options.mixup == 0 && options.cutmix == 0) return mix;
  if (random.uniform() >= options.probability) return mix;
  const bool either = options.mixup > 0 && options.cutmix > 0;
  mix.is_cutmix = either ? random.uniform() < options.switch_to_cutmix : options.cutmix > 0;
  const double alpha = mix.is_cutmix ? options.cutmix : options.mixup;
  mix.lambda = random.beta(alpha, alpha);
  mix.partner = draw_partners(count, options.shuffled_pairs, random);
  if (!mix.is_cutmix) return mix;
  const int64_t centre_y = random.integer(0, height - 1);
  const int64_t centre_x = random.integer(0, width - 1);
  mix.box = cutmix_box(height, width, mix.lambda, centre_y, centre_x, options.ceil_edge);
  mix.lambda = 1 - static_cast<double>(mix.box.area()) / static_cast<double>(height * width);
  return mix;
}

at::Tensor mix_images(const at::Tensor& images, const Mix& mix) {
  if (!mix.is_mixed()) return images;
  const at::Tensor partner = mix.partner.to(images.device());
  if (!mix.is_cutmix) return images * mix.lambda + images.index_select(0, partner) * (1 - mix.lambda);
  const auto part = [&](const at::Tensor& x) {
    return x.slice(2, mix.box.top, mix.box.bottom).slice(3, mix.box.left, mix.box.right);
  };
  at::Tensor mixed = images.clone();
  part(mixed).copy_(part(images).index_select(0, partner));
  return mixed;
}

}  // namespace camsweep
