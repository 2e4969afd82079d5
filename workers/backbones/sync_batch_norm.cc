#include "workers/backbones/sync_batch_norm.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/stack.h>
#include <torch/csrc/autograd/custom_function.h>

namespace camsweep {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kPositions[] = {0, 2, 3};
constexpr int64_t kByChannel[] = {1, -1, 1, 1};

double values_per_channel(const at::Tensor& x, int ranks) { return static_cast<double>(x.numel() / x.size(1)) * ranks; }

struct SyncBatchNorm : torch::autograd::Function<SyncBatchNorm> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& given, const at::Tensor& weight,
                            const at::Tensor& bias, const RunningStatistics& running, double eps, const GangSum* gang) {
    const at::Tensor x = given.to(at::kFloat);
    const double count = values_per_channel(x, gang->ranks);
    at::Tensor mean = x.sum(kPositions);
    gang->sum(mean);
    mean /= count;
    at::Tensor variance = (x - mean.view(kByChannel)).square_().sum(kPositions);  // two passes: nothing cancels
    gang->sum(variance);
    at::Tensor(running.mean).lerp_(mean, running.momentum);
    at::Tensor(running.variance).lerp_(variance / (count - 1), running.momentum);
    const at::Tensor inverse_deviation = at::rsqrt(variance / count + eps);
    context->save_for_backward({given, weight, mean, inverse_deviation});
    context->saved_data["gang"] = reinterpret_cast<int64_t>(gang);
    const at::Tensor scale = weight * inverse_deviation;
    return (x * scale.view(kByChannel) + (bias - mean * scale).view(kByChannel)).to(given.scalar_type());
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &weight = saved[1], &mean = saved[2], &inverse_deviation = saved[3];
    const auto* gang = reinterpret_cast<const GangSum*>(context->saved_data["gang"].toInt());
    const at::Tensor gradient = gradients[0].to(at::kFloat);
    const at::Tensor normalized =
        (saved[0].to(at::kFloat) - mean.view(kByChannel)) * inverse_deviation.view(kByChannel);
    const at::Tensor of_bias = gradient.sum(kPositions);
    const at::Tensor of_weight = (gradient * normalized).sum(kPositions);
    at::Tensor sums = at::stack({of_bias, of_weight});
    gang->sum(sums);
    sums /= values_per_channel(gradient, gang->ranks);
    const at::Tensor of_x = (gradient - sums[0].view(kByChannel) - normalized * sums[1].view(kByChannel)) *
                            (weight * inverse_deviation).view(kByChannel);
    return {of_x.to(saved[0].scalar_type()), of_weight, of_bias, {}, {}, {}};
  }
};

}  // namespace

at::Tensor sync_batch_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                           const RunningStatistics& running, double eps, const GangSum& gang) {
  return SyncBatchNorm::apply(x, weight, bias, running, eps, &gang);
}

}  // namespace camsweep
