#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/rsqrt.h>
#include <c10/core/GradMode.h>

#include <map>
#include <string>
#include <string_view>

#include "schemas/error.h"
#include "workers/backbones/backbone.h"

namespace camsweep {
namespace {

// A convolution with the norm after it as one convolution with a bias (spec backbones, 11.3).
struct Folded {
  at::Tensor weight;
  at::Tensor bias;
};

class Weights {
 public:
  explicit Weights(const Backbone& backbone) : eps_(backbone.batch_norm_eps()) {
    for (const NamedTensor& entry : backbone.state()) tensors_.emplace(entry.name, entry.tensor);
  }

  bool has(const std::string& name) const { return tensors_.contains(name); }

  at::Tensor at(const std::string& name) const {
    const auto found = tensors_.find(name);
    CAMSWEEP_CHECK(found != tensors_.end(), "every tensor of another form follows from those of the trained form");
    return found->second.to(at::kDouble);
  }

  // Of `<name>.conv` and `<name>.bn`.
  Folded fold(const std::string& name) const {
    const at::Tensor scale = at(name + ".bn.weight") * at::rsqrt(at(name + ".bn.running_var") + eps_);
    return {at(name + ".conv.weight") * scale.view({-1, 1, 1, 1}),
            at(name + ".bn.bias") - at(name + ".bn.running_mean") * scale};
  }

  // The large kernel and the small one around its centre, both folded, as one.
  Folded merge(const std::string& name) const {
    Folded sum = fold(name + ".lkb_origin");
    const std::string small = name + ".small_conv";
    if (!has(small + ".conv.weight")) return sum;
    const Folded centre = fold(small);
    const int64_t border = (sum.weight.size(3) - centre.weight.size(3)) / 2;
    sum.weight = sum.weight + at::constant_pad_nd(centre.weight, {border, border, border, border});
    sum.bias = sum.bias + centre.bias;
    return sum;
  }

 private:
  double eps_;
  std::map<std::string, at::Tensor> tensors_;
};

// `key` without its last `parts` parts.
std::string stem_of(std::string key, int parts) {
  for (; parts > 0; --parts) key.resize(key.rfind('.'));
  return key;
}

at::Tensor converted(const Weights& weights, const std::string& key) {
  const bool is_bias = key.ends_with(".bias");
  if (key.find(".lkb_reparam.") != std::string::npos) {
    const Folded merged = weights.merge(stem_of(key, 2));
    return is_bias ? merged.bias : merged.weight;
  }
  if (key.ends_with(".conv.weight") || key.ends_with(".conv.bias")) {
    const Folded folded = weights.fold(stem_of(key, 2));
    return is_bias ? folded.bias : folded.weight;
  }
  return weights.at(key);
}

}  // namespace

std::unique_ptr<Backbone> to_form(const Backbone& trained, Form form) {
  CAMSWEEP_CHECK(trained.options().form == Form::kTrain, "only the trained form has what the others follow from");
  const at::NoGradGuard no_grad;
  BackboneOptions options = trained.options();
  options.form = form;
  std::unique_ptr<Backbone> result = make_backbone(trained.variant(), options);
  const Weights weights(trained);
  const bool folds = form == Form::kFolded;
  for (const NamedTensor& entry : result->state()) {
    at::Tensor target = entry.tensor;
    const bool reparam = entry.name.find(".lkb_reparam.") != std::string::npos;
    target.copy_(folds || reparam ? converted(weights, entry.name) : weights.at(entry.name));
  }
  return result;
}

}  // namespace camsweep
