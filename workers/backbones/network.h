#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "workers/backbones/backbone.h"
#include "workers/backbones/head.h"
#include "workers/backbones/layers.h"
#include "workers/backbones/tensor_registry.h"

namespace camsweep {

// Everything of a backbone that does not depend on its family. A family registers its tensors in registry(), ends its
// construction with set_head(), and computes the features.
class Network : public Backbone {
 public:
  at::Tensor features(const at::Tensor& images, const ForwardContext& context) final;
  int stages() const override { return 4; }
  at::Tensor run_stage(int stage, const at::Tensor& x, const ForwardContext& context) final;
  int blocks(int) const override { return 0; }
  at::Tensor features_from(TrunkPoint point, const at::Tensor& x, const ForwardContext& context) final;
  at::Tensor classify(const at::Tensor& features, const ForwardContext& context) final;

  std::vector<NamedTensor> parameters() const final { return registry_.parameters(); }
  std::vector<NamedTensor> buffers() const final { return registry_.buffers(); }
  std::vector<NamedTensor> state() const final { return registry_.state(); }
  void initialize(uint64_t seed) final { registry_.initialize(seed); }
  void initialize(uint64_t seed, std::span<const std::string> keys) final { registry_.initialize(seed, keys); }
  const BackboneVariant& variant() const final { return variant_; }
  const BackboneOptions& options() const final { return options_; }
  LayerGroups layer_groups() const final;
  double auxiliary_loss_weight() const override { return 0; }
  double batch_norm_eps() const override { return BatchNorm2d::kEps; }

  HeadForm head_form() const final;
  const ErasingHead* erasing_head() const final { return std::get_if<ErasingHead>(&*head_); }
  at::Tensor classifier_weight() const final { return pooled_head().weight(); }
  at::Tensor exact_cam_weights(const at::Tensor& pooled, int64_t class_index) const final;
  double exact_cam_constant(int64_t class_index) const final;
  at::Tensor logit_gradient(const at::Tensor& pooled, int64_t class_index) const final;
  at::Tensor logits_without_channel(const at::Tensor& pooled, int64_t class_index) const final;
  void to(at::Device device, bool channels_last) final;

 protected:
  Network(const BackboneVariant& variant, const BackboneOptions& options) : variant_(variant), options_(options) {}

  TensorRegistry& registry() { return registry_; }
  // Or ACoL's in its place, where the options say so.
  void set_head(const PooledHeadShape& shape);
  void set_head(const FullyConnectedHeadShape& shape);

 private:
  // `x` in the network's memory format.
  virtual at::Tensor compute_stage(int stage, const at::Tensor& x, const ForwardContext& context) const = 0;
  // A stage's blocks from number `first` on, of families with blocks().
  virtual at::Tensor compute_blocks(int stage, int first, const at::Tensor& x, const ForwardContext& context) const;
  // The number of groups, and the group of a parameter by its key.
  virtual int layer_group_count() const = 0;
  virtual int layer_group(std::string_view key) const = 0;

  const PooledHead& pooled_head() const;
  void check_class(int64_t class_index) const;

  BackboneVariant variant_;
  BackboneOptions options_;
  TensorRegistry registry_;
  std::optional<Head> head_;
  at::MemoryFormat format_ = at::MemoryFormat::Contiguous;
};

// A stage's blocks from number `first` on; behind each ForwardContext::at_point is called.
template <class Block>
at::Tensor run_blocks(const std::vector<Block>& blocks, int stage, int first, const at::Tensor& below,
                      const ForwardContext& context) {
  at::Tensor x = below;
  for (auto i = static_cast<size_t>(first); i < blocks.size(); ++i) {
    x = context.pass(stage, static_cast<int>(i), blocks[i](x, context));
  }
  return x;
}

// The parts of a key between its dots, for the groups of layers: "stages.2.5.gamma" -> "stages", 2, 5.
std::string_view key_part(std::string_view key, int index);
int key_number(std::string_view key, int index);

// One file per family.
std::unique_ptr<Backbone> make_resnet(const BackboneVariant& variant, const BackboneOptions& options);
std::unique_ptr<Backbone> make_densenet(const BackboneVariant& variant, const BackboneOptions& options);
std::unique_ptr<Backbone> make_vgg(const BackboneVariant& variant, const BackboneOptions& options);
std::unique_ptr<Backbone> make_alexnet(const BackboneVariant& variant, const BackboneOptions& options);
std::unique_ptr<Backbone> make_googlenet(const BackboneVariant& variant, const BackboneOptions& options);
std::unique_ptr<Backbone> make_inception(const BackboneVariant& variant, const BackboneOptions& options);
std::unique_ptr<Backbone> make_convnext(const BackboneVariant& variant, const BackboneOptions& options);
std::unique_ptr<Backbone> make_replknet(const BackboneVariant& variant, const BackboneOptions& options);
std::unique_ptr<Backbone> make_slak(const BackboneVariant& variant, const BackboneOptions& options);
std::unique_ptr<Backbone> make_hornet(const BackboneVariant& variant, const BackboneOptions& options);
std::unique_ptr<Backbone> make_signal_cnn(const BackboneVariant& variant, const BackboneOptions& options);

}  // namespace camsweep
