#include "workers/backbones/layers.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/rsqrt.h>

#include <cmath>

#include "schemas/error.h"
#include "workers/backbones/convolutions.h"
#include "workers/backbones/input_gradient.h"
#include "workers/backbones/random.h"
#include "workers/backbones/sync_batch_norm.h"

namespace camsweep {
namespace {

constexpr double kBatchNormMomentum = 0.1;
constexpr uint64_t kDropoutStream = 1;  // apart from stochastic depth of the same layer number

void check_samples(const at::Tensor& x, const ForwardContext& context) {
  CAMSWEEP_CHECK(static_cast<size_t>(x.size(0)) == context.samples.size(),
                 "what is dropped at random needs the sample behind every image of a batch");
}

}  // namespace

ConvShape depthwise(int64_t channels, Extent kernel, Extent stride) {
  return {.in = channels,
          .out = channels,
          .kernel = kernel,
          .stride = stride,
          .padding = kernel.half(),
          .groups = channels};
}

Conv2d::Conv2d(TensorRegistry& registry, const std::string& name, const ConvShape& shape, Initializer weight,
               std::optional<Initializer> bias)
    : shape_(shape),
      weight_(registry.add_parameter(
          name + ".weight", {shape.out, shape.in / shape.groups, shape.kernel.height, shape.kernel.width}, weight)) {
  if (bias) bias_ = registry.add_parameter(name + ".bias", {shape.out}, *bias);
}

at::Tensor Conv2d::operator()(const at::Tensor& x) const {
  const std::optional<at::Tensor> bias = bias_.defined() ? std::optional(bias_) : std::nullopt;
  if (wants_input_gradient_alone(x, weight_)) return convolve_fixed(x, weight_, bias, shape_);
  return convolve(x, weight_, bias, shape_);
}

BatchNorm2d::BatchNorm2d(TensorRegistry& registry, const std::string& name, int64_t channels, double eps)
    : weight_(registry.add_parameter(name + ".weight", {channels}, Initializer::constant(1))),
      bias_(registry.add_parameter(name + ".bias", {channels}, Initializer::constant(0))),
      running_mean_(registry.add_buffer(name + ".running_mean", {channels}, Initializer::constant(0))),
      running_var_(registry.add_buffer(name + ".running_var", {channels}, Initializer::constant(1))),
      batches_(registry.add_counter(name + ".num_batches_tracked")),
      eps_(eps) {}

at::Tensor BatchNorm2d::operator()(const at::Tensor& x, const ForwardContext& context) const {
  if (context.training) batches_.add_(1);
  if (!context.training && wants_input_gradient_alone(x, weight_)) {
    const int64_t by_channel[] = {-1, 1, 1};
    return at::addcmul(shift().view(by_channel), x, scale().view(by_channel));
  }
  if (context.training && context.gang_sum) {
    const RunningStatistics running = {running_mean_, running_var_, kBatchNormMomentum};
    return sync_batch_norm(x, weight_, bias_, running, eps_, *context.gang_sum);
  }
  return at::batch_norm(x, weight_, bias_, running_mean_, running_var_, context.training, kBatchNormMomentum, eps_,
                        /*cudnn_enabled=*/true);
}

at::Tensor relu(const at::Tensor& x, const ForwardContext& context) {
  return x.requires_grad() && !context.training ? relu_keeping_signs(x) : x.relu_();
}

at::Tensor BatchNorm2d::scale() const { return weight_ * at::rsqrt(running_var_ + eps_); }

at::Tensor BatchNorm2d::shift() const { return bias_ - running_mean_ * scale(); }

LayerNorm::LayerNorm(TensorRegistry& registry, const std::string& name, int64_t channels)
    : weight_(registry.add_parameter(name + ".weight", {channels}, Initializer::constant(1))),
      bias_(registry.add_parameter(name + ".bias", {channels}, Initializer::constant(0))) {}

// On a CPU LibTorch sums a layer norm's gradients in the input's type: in bfloat16 those of weight and bias are up to a
// quarter off at thousands of rows (spec libtorch, 8.4).
at::Tensor LayerNorm::operator()(const at::Tensor& x) const {
  const at::Tensor wide = x.is_cpu() && x.scalar_type() == at::kBFloat16 ? x.to(at::kFloat) : x;
  return at::layer_norm(wide, weight_.sizes(), weight_, bias_, kEps);
}

at::Tensor LayerNorm::over_channels(const at::Tensor& x) const {
  return channels_to_front((*this)(channels_to_end(x)));
}

Linear::Linear(TensorRegistry& registry, const std::string& name, int64_t in, int64_t out, const LinearInit& init,
               LinearWeight form) {
  const std::vector<int64_t> shape =
      form == LinearWeight::kMatrix ? std::vector<int64_t>{out, in} : std::vector<int64_t>{out, in, 1, 1};
  weight_ = registry.add_parameter(name + ".weight", shape, init.weight);
  bias_ = registry.add_parameter(name + ".bias", {out}, init.bias);
}

at::Tensor Linear::operator()(const at::Tensor& x) const { return at::linear(x, weight(), bias_); }

at::Tensor Linear::over_positions(const at::Tensor& map) const {
  return at::conv2d(map, weight_.view({weight_.size(0), weight_.size(1), 1, 1}), bias_);
}

Initializer default_uniform(int64_t fan_in) { return Initializer::uniform(1 / std::sqrt(static_cast<double>(fan_in))); }

at::Tensor channels_to_end(const at::Tensor& x) { return x.permute({0, 2, 3, 1}); }

at::Tensor channels_to_front(const at::Tensor& x) { return x.permute({0, 3, 1, 2}); }

at::Tensor DropPath::operator()(const at::Tensor& branch, const ForwardContext& context) const {
  if (!context.training || rate_ == 0) return branch;
  check_samples(branch, context);
  at::Tensor factors = at::empty({branch.size(0), 1, 1, 1}, at::kFloat);
  float* factor = factors.data_ptr<float>();
  for (const size_t sample : context.samples) {
    const uint64_t bits =
        hash_numbers({context.seed, static_cast<uint64_t>(context.epoch), sample, static_cast<uint64_t>(layer_)});
    const bool kept = unit_float(bits) >= rate_;
    *factor++ = kept ? static_cast<float>(1 / (1 - rate_)) : 0.0F;
  }
  return branch * factors.to(branch.options());
}

at::Tensor Dropout::operator()(const at::Tensor& x, const ForwardContext& context) const {
  if (!context.training || rate_ == 0) return x;
  check_samples(x, context);
  const auto rate = static_cast<float>(rate_);
  at::Tensor factors = at::empty(x.sizes(), at::kFloat);
  float* factor = factors.data_ptr<float>();
  const int64_t elements = x.numel() / x.size(0);
  for (const size_t sample : context.samples) {
    const uint64_t stream = hash_numbers(
        {context.seed, static_cast<uint64_t>(context.epoch), sample, static_cast<uint64_t>(layer_), kDropoutStream});
    for (int64_t i = 0; i < elements; ++i) {
      const bool kept = unit_float(split_mix(stream, static_cast<uint64_t>(i))) >= rate;
      *factor++ = kept ? 1 / (1 - rate) : 0.0F;
    }
  }
  return x * factors.to(x.options());
}

double drop_path_rate(double last, int i, int n) { return n > 1 ? last * i / (n - 1) : last; }

}  // namespace camsweep
