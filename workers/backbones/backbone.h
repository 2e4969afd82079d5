#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "schemas/backbone_catalog.h"

namespace camsweep {

enum class HeadKind { kPaper, kImagenet };
enum class Pool { kGap, kGmp };

struct BackboneOptions {
  int classes = 1000;
  HeadKind head = HeadKind::kPaper;
  Pool pool = Pool::kGap;
  double drop_path = 0;  // stochastic depth rate of the last block; block i of n has rate * i / (n - 1)
};

struct NamedTensor {
  std::string name;  // the official implementation's state-dict key
  at::Tensor tensor;
};

// Which samples a training forward pass sees: stochastic depth is a hash of (seed, epoch, sample, layer), so that it
// depends neither on the gang's size nor on the order of samples. Empty in evaluation.
struct ForwardContext {
  bool training = false;  // batch statistics, stochastic depth
  uint64_t seed = 0;
  int epoch = 0;
  std::span<const size_t> samples = {};  // one per image of the batch
};

// How logits follow from the feature map, for the exact CAM weights of spec backbones, section 3.
enum class HeadNorm { kNone, kBatchNorm, kLayerNorm };

// A network: feature map, then classifier. Weights are unspecified until initialize() or a loader fills them, and
// require no gradient until a trainer says so.
class Backbone {
 public:
  virtual ~Backbone() = default;

  // (N, 3, S, S) -> (N, C, h, w): the last feature map F, before any final norm.
  virtual at::Tensor features(const at::Tensor& images, const ForwardContext& context) = 0;
  // F -> logits (N, classes).
  virtual at::Tensor classify(const at::Tensor& features, const ForwardContext& context) = 0;

  // In the official key order. Tensors alias the network's: writing them (in place) loads it.
  virtual std::vector<NamedTensor> parameters() const = 0;
  virtual std::vector<NamedTensor> buffers() const = 0;
  // All entries of the state dict, parameters and buffers, in the official order.
  virtual std::vector<NamedTensor> state() const = 0;

  // The source's initialization, drawn from a hash of (seed, key): the same whatever the order or gang.
  virtual void initialize(uint64_t seed) = 0;

  virtual const BackboneVariant& variant() const = 0;
  virtual const BackboneOptions& options() const = 0;

  // For class activation maps. `classifier_weight` is (classes, C).
  virtual at::Tensor classifier_weight() const = 0;
  virtual HeadNorm head_norm() const = 0;
  // Exact weights a of spec backbones, 3: for pooled features g (C) of one image and a class, (C). With kLayerNorm they
  // depend on the image through g's deviation; otherwise g is not read. Only for Pool::kGap.
  virtual at::Tensor exact_cam_weights(const at::Tensor& pooled, int64_t class_index) const = 0;
  // const_c with mean_p(sum_k a_k F_k(p)) + const_c = logit_c.
  virtual double exact_cam_constant(int64_t class_index) const = 0;

  // Moves all tensors; with channels_last, 4-D parameters too. Before gradients, buckets and moments exist.
  virtual void to(at::Device device, bool channels_last) = 0;
};

// Throws ConfigError for a variant its family cannot build.
std::unique_ptr<Backbone> make_backbone(const BackboneVariant& variant, const BackboneOptions& options);

// Whether channels-last is the faster memory format on a CPU for networks like this one (training, forward and
// backward).
bool prefers_channels_last(const BackboneVariant& variant);

// Weights and input of spec backbones, 16.2: exactly reproducible values from key names.
void fill_fixture(Backbone& backbone);
at::Tensor fixture_input(int64_t batch, int64_t side);

}  // namespace camsweep
