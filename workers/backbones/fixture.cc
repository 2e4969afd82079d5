#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>

#include <cmath>
#include <string_view>

#include "workers/backbones/backbone.h"
#include "workers/backbones/random.h"

namespace camsweep {
namespace {

// Element i of the tensor `name` is offset + scale * v or offset + scale * u, u in [0, 1), v = 2u - 1, all in float32
// (spec backbones, 16.2).
struct FixtureRule {
  float offset = 0;
  float scale = 1;
  bool is_signed = true;
};

FixtureRule rule_for(std::string_view name, const at::Tensor& tensor) {
  if (name.ends_with("running_var")) return {0.5F, 1, false};
  if (tensor.dim() >= 2) {
    const double fan_in = static_cast<double>(tensor[0].numel());
    return {0, static_cast<float>(std::sqrt(3 / fan_in))};
  }
  if (name.ends_with("running_mean") || name.ends_with("bias")) return {0, 0.1F};
  const std::string_view last = name.substr(name.rfind('.') + 1);
  return {last.find("gamma") != std::string_view::npos ? 0.3F : 0.7F, 0.1F};
}

at::Tensor draw(std::string_view name, at::IntArrayRef shape, const FixtureRule& rule) {
  at::Tensor values = at::empty(shape, at::kFloat);
  float* value = values.data_ptr<float>();
  const uint64_t state = hash_name(name);
  for (int64_t i = 0; i < values.numel(); ++i) {
    const float u = unit_float(split_mix(state, static_cast<uint64_t>(i)));
    value[i] = rule.offset + rule.scale * (rule.is_signed ? 2 * u - 1 : u);
  }
  return values;
}

}  // namespace

void fill_fixture(Backbone& backbone) {
  const at::NoGradGuard no_grad;
  for (const NamedTensor& entry : backbone.state()) {
    at::Tensor tensor = entry.tensor;
    if (entry.name.ends_with("num_batches_tracked")) {
      tensor.zero_();
    } else {
      tensor.copy_(draw(entry.name, tensor.sizes(), rule_for(entry.name, tensor)));
    }
  }
}

at::Tensor fixture_input(int64_t batch, int64_t side) { return draw("input", {batch, 3, side, side}, {}); }

}  // namespace camsweep
