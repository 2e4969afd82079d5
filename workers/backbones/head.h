#pragma once

#include <array>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "workers/backbones/backbone.h"
#include "workers/backbones/erasing_head.h"
#include "workers/backbones/layers.h"
#include "workers/backbones/tensor_registry.h"

namespace camsweep {

// PyTorch's default for a new classifier: U(-1/sqrt(C), 1/sqrt(C)) for weight and bias.
LinearInit new_classifier(int64_t channels);

// Pooling over positions and one linear layer, with a norm before (kBatchNorm, on the map) or between (kLayerNorm). In
// the form LinearWeight::kConvolution the linear layer comes first, so that the pooled maps are those of the classes.
struct PooledHeadShape {
  std::string linear_name;            // "fc", "head", "classifier"
  HeadForm form = HeadForm::kLinear;  // a norm's keys are `norm.*`
  int64_t channels = 0;
  LinearInit init;
  LinearWeight weight = LinearWeight::kMatrix;
  double dropout = 0;  // before the linear layer
};

class PooledHead {
 public:
  PooledHead(TensorRegistry& registry, const PooledHeadShape& shape, const BackboneOptions& options);

  // (N, C, h, w) -> (N, classes).
  at::Tensor operator()(const at::Tensor& features, const ForwardContext& context) const;

  HeadForm form() const;
  at::Tensor weight() const { return linear_.weight(); }
  at::Tensor exact_cam_weights(const at::Tensor& pooled, int64_t class_index) const;
  double exact_cam_constant(int64_t class_index) const;
  at::Tensor logit_gradient(const at::Tensor& pooled, int64_t class_index) const;
  at::Tensor logits_without_channel(const at::Tensor& pooled, int64_t class_index) const;

 private:
  at::Tensor pool(const at::Tensor& map) const;  // (N, C, h, w) -> (N, C)
  // What a class's logit multiplies the (normalized) pooled features with, in the type of `like`.
  at::Tensor scaled_row(int64_t class_index, const at::Tensor& like) const;

  Pool pool_;
  LinearWeight weight_form_;
  Dropout dropout_;
  std::optional<BatchNorm2d> batch_norm_;
  std::optional<LayerNorm> layer_norm_;
  Linear linear_;
};

// Pooling to a fixed grid and three linear layers with ReLU between: it has no class activation map.
struct FullyConnectedHeadShape {
  std::string name = "classifier";
  std::array<int, 3> indices = {};     // of the linear layers below `name`
  std::array<double, 3> dropout = {};  // before each of them
  int64_t channels = 0;
  int64_t grid = 0;  // positions along one side
  int64_t hidden = 4096;
  std::optional<LinearInit> init = std::nullopt;  // none: new_classifier() of each layer
};

class FullyConnectedHead {
 public:
  FullyConnectedHead(TensorRegistry& registry, const FullyConnectedHeadShape& shape, const BackboneOptions& options);

  // (N, C, h, w) -> (N, classes).
  at::Tensor operator()(const at::Tensor& features, const ForwardContext& context) const;

 private:
  Pool pool_;
  int64_t grid_;
  std::vector<Dropout> dropouts_;
  std::vector<Linear> layers_;
};

using Head = std::variant<PooledHead, FullyConnectedHead, ErasingHead>;

}  // namespace camsweep
