#pragma once

#include <optional>
#include <string>

#include "workers/backbones/backbone.h"
#include "workers/backbones/layers.h"
#include "workers/backbones/tensor_registry.h"

namespace camsweep {

// What follows the feature map: an optional norm, pooling over positions, one linear layer.
struct HeadShape {
  std::string linear_name;          // "fc" or "head"
  HeadNorm norm = HeadNorm::kNone;  // its keys are `norm.*`
  int64_t channels = 0;
  LinearInit init;
};

class Head {
 public:
  Head(TensorRegistry& registry, const HeadShape& shape, const BackboneOptions& options);

  // (N, C, h, w) -> (N, classes).
  at::Tensor operator()(const at::Tensor& features, const ForwardContext& context) const;

  HeadNorm norm() const;
  at::Tensor weight() const { return linear_->weight(); }
  at::Tensor exact_cam_weights(const at::Tensor& pooled, int64_t class_index) const;
  double exact_cam_constant(int64_t class_index) const;

 private:
  Pool pool_;
  std::optional<BatchNorm2d> batch_norm_;
  std::optional<LayerNorm> layer_norm_;
  std::optional<Linear> linear_;
};

// PyTorch's default for a new classifier: U(-1/sqrt(C), 1/sqrt(C)) for weight and bias.
LinearInit new_classifier(int64_t channels);

// Everything of a backbone that does not depend on its family. A family registers its tensors in registry(), ends its
// construction with set_head(), and computes the features.
class Network : public Backbone {
 public:
  at::Tensor features(const at::Tensor& images, const ForwardContext& context) final;
  at::Tensor classify(const at::Tensor& features, const ForwardContext& context) final;

  std::vector<NamedTensor> parameters() const final { return registry_.parameters(); }
  std::vector<NamedTensor> buffers() const final { return registry_.buffers(); }
  std::vector<NamedTensor> state() const final { return registry_.state(); }
  void initialize(uint64_t seed) final { registry_.initialize(seed); }
  const BackboneVariant& variant() const final { return variant_; }
  const BackboneOptions& options() const final { return options_; }

  at::Tensor classifier_weight() const final { return head_->weight(); }
  HeadNorm head_norm() const final { return head_->norm(); }
  at::Tensor exact_cam_weights(const at::Tensor& pooled, int64_t class_index) const final;
  double exact_cam_constant(int64_t class_index) const final;
  void to(at::Device device, bool channels_last) final;

 protected:
  Network(const BackboneVariant& variant, const BackboneOptions& options) : variant_(variant), options_(options) {}

  TensorRegistry& registry() { return registry_; }
  void set_head(const HeadShape& shape) { head_.emplace(registry_, shape, options_); }

 private:
  // `images` in the network's memory format.
  virtual at::Tensor compute_features(const at::Tensor& images, const ForwardContext& context) const = 0;
  void check_class(int64_t class_index) const;

  BackboneVariant variant_;
  BackboneOptions options_;
  TensorRegistry registry_;
  std::optional<Head> head_;
  at::MemoryFormat format_ = at::MemoryFormat::Contiguous;
};

// One file per family.
std::unique_ptr<Backbone> make_resnet(const BackboneVariant& variant, const BackboneOptions& options);
std::unique_ptr<Backbone> make_convnext(const BackboneVariant& variant, const BackboneOptions& options);
std::unique_ptr<Backbone> make_replknet(const BackboneVariant& variant, const BackboneOptions& options);

}  // namespace camsweep
