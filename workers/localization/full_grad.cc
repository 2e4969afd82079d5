#include "workers/localization/full_grad.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>

#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace camsweep {
namespace {

using torch::autograd::AccumulateGrad;
using torch::autograd::Node;
using torch::autograd::variable_list;

// Parameters require gradients while this lives: the graph then names each layer's bias.
class RecordedParameters {
 public:
  explicit RecordedParameters(const Backbone& backbone) : parameters_(backbone.parameters()) { set(true); }
  ~RecordedParameters() { set(false); }
  RecordedParameters(const RecordedParameters&) = delete;
  RecordedParameters& operator=(const RecordedParameters&) = delete;

 private:
  void set(bool required) {
    for (const NamedTensor& parameter : parameters_) parameter.tensor.requires_grad_(required);
  }
  std::vector<NamedTensor> parameters_;
};

// What each bias parameter adds to its layer's result, by the parameter's identity. (C)
std::unordered_map<const void*, at::Tensor> added_by_bias(const Backbone& backbone) {
  std::map<std::string, at::Tensor> state;
  for (const NamedTensor& entry : backbone.state()) state.emplace(entry.name, entry.tensor);
  std::unordered_map<const void*, at::Tensor> added;
  constexpr std::string_view kSuffix = ".bias";
  for (const auto& [name, tensor] : state) {
    if (!name.ends_with(kSuffix)) continue;
    const std::string layer = name.substr(0, name.size() - kSuffix.size());
    at::Tensor value = tensor.detach();
    if (const auto mean = state.find(layer + ".running_mean"); mean != state.end()) {
      const at::Tensor scale = state.at(layer + ".weight").detach() *
                               at::rsqrt(state.at(layer + ".running_var") + backbone.batch_norm_eps());
      value = value - mean->second * scale;
    }
    added.emplace(tensor.unsafeGetTensorImpl(), value);
  }
  return added;
}

// b times a gradient of a layer's result, as (C, h, w); undefined if it has no positions. Convolutions and BatchNorms
// have channels before positions, other layers behind them, in rows of positions or not.
at::Tensor part_of(const at::Tensor& bias, at::Tensor gradient, const std::string& layer) {
  const bool channels_first =
      layer.find("Convolution") != std::string::npos || layer.find("BatchNorm") != std::string::npos;
  if (gradient.dim() == 2) {
    const auto side = static_cast<int64_t>(std::lround(std::sqrt(static_cast<double>(gradient.size(0)))));
    if (side < 2 || side * side != gradient.size(0)) return {};
    gradient = gradient.view({1, side, side, gradient.size(1)});
  }
  if (gradient.dim() != 4) return {};
  const at::Tensor map = channels_first ? gradient[0] : gradient[0].permute({2, 0, 1});
  return (map * bias.view({-1, 1, 1})).to(at::kCPU, at::kDouble);
}

// Adds a layer's part when the backward pass comes by.
struct PartHook : torch::autograd::FunctionPreHook {
  PartHook(at::Tensor added, std::string name, std::vector<at::Tensor>& into)
      : bias(std::move(added)), layer(std::move(name)), parts(into) {}

  variable_list operator()(const variable_list& gradients) override {
    if (!gradients.empty() && gradients[0].defined()) {
      const at::NoGradGuard no_grad;
      if (at::Tensor part = part_of(bias, gradients[0], layer); part.defined()) parts.push_back(std::move(part));
    }
    return gradients;
  }

  at::Tensor bias;
  std::string layer;
  std::vector<at::Tensor>& parts;
};

void hook_biases(const at::Tensor& logit, const std::unordered_map<const void*, at::Tensor>& added,
                 std::vector<at::Tensor>& parts) {
  std::unordered_set<Node*> seen;
  std::vector<Node*> open = {logit.grad_fn().get()};
  while (!open.empty()) {
    Node* node = open.back();
    open.pop_back();
    if (!node || !seen.insert(node).second) continue;
    for (const torch::autograd::Edge& edge : node->next_edges()) {
      Node* next = edge.function.get();
      if (const auto* leaf = dynamic_cast<const AccumulateGrad*>(next)) {
        const auto bias = added.find(leaf->variable.unsafeGetTensorImpl());
        if (bias != added.end()) node->add_pre_hook(std::make_unique<PartHook>(bias->second, node->name(), parts));
      } else {
        open.push_back(next);
      }
    }
  }
}

}  // namespace

FullGradient full_gradient(Backbone& backbone, const at::Tensor& image, int64_t class_index) {
  const at::AutoGradMode with_gradient(true);
  const RecordedParameters recorded(backbone);
  const at::Tensor x = image.detach().clone().requires_grad_(true);
  const at::Tensor logit = backbone.classify(backbone.features(x, {}), {})[0][class_index];
  FullGradient result;
  hook_biases(logit, added_by_bias(backbone), result.biases);
  const at::Tensor gradient = torch::autograd::grad({logit}, {x})[0];
  result.input = (x.detach() * gradient)[0].to(at::kCPU, at::kDouble);
  return result;
}

at::Tensor full_grad_map(const FullGradient& parts) {
  const at::NoGradGuard no_grad;
  const at::IntArrayRef side = parts.input.sizes().slice(1);
  at::Tensor sum = at::zeros(side, at::kDouble);
  const auto add = [&](const at::Tensor& part) {
    const at::Tensor magnitude = part.abs();
    const double low = magnitude.min().item<double>(), range = magnitude.max().item<double>() - low;
    if (!(range > 0)) return;  // a part without a place
    const at::Tensor scaled = ((magnitude - low) / range).sum(0, /*keepdim=*/true).unsqueeze(0);
    sum += at::upsample_bilinear2d(scaled, side, /*align_corners=*/false)[0][0];
  };
  add(parts.input);
  for (const at::Tensor& part : parts.biases) add(part);
  return sum;
}

}  // namespace camsweep
