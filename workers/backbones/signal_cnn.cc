#include <ATen/TensorOperators.h>
#include <ATen/ops/max_pool2d.h>
#include <fmt/format.h>

#include <vector>

#include "workers/backbones/network.h"

namespace camsweep {
namespace {

// Four convolutions along signals (N, 1, L, 1), a pool after the second: spec protocol, 12.
class SignalCnn final : public Network {
 public:
  SignalCnn(const BackboneVariant& variant, const BackboneOptions& options) : Network(variant, options) {
    int64_t in = 1;
    for (size_t i = 0; i < variant.widths.size(); ++i) {
      const ConvShape shape = {.in = in,
                               .out = variant.widths[i],
                               .kernel = {variant.kernels[i], 1},
                               .padding = {variant.kernels[i] / 2, 0}};
      convolutions_.push_back(Conv2d(registry(), fmt::format("conv{}", i + 1), shape, default_uniform(shape.fan_in()),
                                     default_uniform(shape.fan_in())));
      in = shape.out;
    }
    set_head(PooledHeadShape{.linear_name = "fc", .channels = in, .init = new_classifier(in)});
  }

 private:
  int stages() const override { return 2; }

  at::Tensor compute_stage(int stage, const at::Tensor& below, const ForwardContext& context) const override {
    const size_t first = stage == 0 ? 0 : 2;
    const at::Tensor x = stage == 0 ? below : at::max_pool2d(below, /*kernel_size=*/{2, 1});
    return relu(convolutions_[first + 1](relu(convolutions_[first](x), context)), context);
  }

  // One group a layer in forward order.
  int layer_group_count() const override { return 5; }
  int layer_group(std::string_view key) const override { return key.starts_with("fc.") ? 4 : key[4] - '1'; }

  std::vector<Conv2d> convolutions_;
};

}  // namespace

std::unique_ptr<Backbone> make_signal_cnn(const BackboneVariant& variant, const BackboneOptions& options) {
  return std::make_unique<SignalCnn>(variant, options);
}

}  // namespace camsweep
