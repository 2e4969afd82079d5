#pragma once

#include <array>
#include <optional>
#include <string>

#include "workers/backbones/backbone.h"
#include "workers/backbones/layers.h"
#include "workers/backbones/tensor_registry.h"

namespace camsweep {

// What precedes a head's convolutions: the norm of the family's own head, if it has one, of every position.
struct ErasingHeadShape {
  HeadForm norm = HeadForm::kLinear;  // kBatchNorm or kLayerNorm: keys `norm.*`
  int64_t channels = 0;
};

// Adversarial complementary learning (ACoL, Zhang et al., CVPR 2018; spec wsol_methods, 4.2): two classifiers of
// convolutions, 3x3 - ReLU - 3x3 - ReLU - 1x1 to the classes, on one feature map, the second of which sees it without
// the positions where the first finds the label. Logits are class maps pooled over positions. Keys `classifier_A.*` and
// `classifier_B.*`.
class ErasingHead {
 public:
  static constexpr const char* kPrefix = "classifier_";
  static constexpr const char* kClassifier = "classifier_A.4.weight";  // (classes, hidden, 1, 1)

  // `options.erasing` is set.
  ErasingHead(TensorRegistry& registry, const ErasingHeadShape& shape, const BackboneOptions& options);

  // (N, C, h, w) -> (N, classes): the first classifier's, by which the network classifies.
  at::Tensor operator()(const at::Tensor& features, const ForwardContext& context) const;

  // Both classifiers for labels (N).
  struct Branches {
    at::Tensor logits;         // (N, classes), of the first
    at::Tensor erased_logits;  // of the second
    at::Tensor map;            // (N, h, w): the label's in the first
    at::Tensor erased_map;     // and in the second
  };
  Branches branches(const at::Tensor& features, const at::Tensor& labels, const ForwardContext& context) const;

 private:
  class Branch {
   public:
    Branch(TensorRegistry& registry, const std::string& name, int64_t in, int64_t hidden, int64_t classes);
    at::Tensor operator()(const at::Tensor& x, const ForwardContext& context) const;  // (N, classes, h, w)

   private:
    std::array<Conv2d, 3> convolutions_;
  };

  at::Tensor normalized(const at::Tensor& features, const ForwardContext& context) const;
  at::Tensor pool(const at::Tensor& maps) const;  // (N, classes, h, w) -> (N, classes)

  Pool pool_;
  double threshold_;
  std::optional<BatchNorm2d> batch_norm_;
  std::optional<LayerNorm> layer_norm_;
  Branch first_;
  Branch second_;
};

// (.., h, w), each map to [0, 1] from its minimum to its maximum; a constant one becomes 0.
at::Tensor stretched(const at::Tensor& maps);

}  // namespace camsweep
