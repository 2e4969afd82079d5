#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "schemas/backbone_catalog.h"

namespace camsweep {

enum class HeadKind { kPaper, kImagenet };
enum class Pool { kGap, kGmp };
// What is computed. Only kTrain can be trained; the others give the same logits in evaluation and are faster.
enum class Form {
  kTrain,
  kMerged,  // replknet: the large kernel, its small branch and their norms as one kernel (spec backbones, 11.3)
  kFolded   // replknet: kMerged, and every other norm after a convolution folded into it; slak: likewise, unmerged
};

// "train", "merged", "folded".
std::string form_name(Form form);
// Throws ConfigError for another name.
Form form_named(const std::string& name);

// ACoL's head in place of the family's own (erasing_head.h).
struct ErasingOptions {
  double threshold = 0.6;  // positions whose activation of the label reaches it, of [0, 1], are erased
  int channels = 1024;     // of the hidden convolutions
};

struct BackboneOptions {
  int classes = 1000;
  HeadKind head = HeadKind::kPaper;
  Pool pool = Pool::kGap;
  double drop_path = 0;  // stochastic depth rate of the last residual block; block i of n has rate * i / (n - 1)
  Form form = Form::kTrain;
  std::optional<ErasingOptions> erasing = std::nullopt;
};

class ErasingHead;

struct NamedTensor {
  std::string name;  // the official implementation's state-dict key
  at::Tensor tensor;
};

// A point of the trunk: behind a block of a stage, both counted from 0.
struct TrunkPoint {
  int stage = 0;
  int block = 0;
  bool operator==(const TrunkPoint&) const = default;
};

// What batch norms of a gang need of it: a sum over its ranks, in place, of a contiguous float tensor.
struct GangSum {
  std::function<void(at::Tensor&)> sum;
  int ranks = 1;
};

// Which samples a training forward pass sees: what is dropped is a hash of (seed, epoch, sample, layer), so that it
// depends neither on the gang's size nor on the order of samples. Empty in evaluation.
struct ForwardContext {
  bool training = false;  // batch statistics, stochastic depth, dropout
  uint64_t seed = 0;
  int epoch = 0;
  std::span<const size_t> samples = {};  // one per image of the batch
  // Where a network with auxiliary classifiers puts their logits, (N, classes) each; null: they are not computed.
  std::vector<at::Tensor>* auxiliary_logits = nullptr;
  // Batch norms take their statistics over the whole gang's batch; null: over the rank's.
  const GangSum* gang_sum = nullptr;
  // Sees the map behind each block and says what goes on in its place; null: the map itself.
  const std::function<at::Tensor(TrunkPoint, const at::Tensor&)>* at_point = nullptr;

  at::Tensor pass(int stage, int block, const at::Tensor& x) const {
    return at_point ? (*at_point)({stage, block}, x) : x;
  }
};

// How logits follow from the feature map (spec backbones, 3): from its mean or maximum over positions through one
// linear layer (kLinear), with a norm of the map before (kBatchNorm) or of the pooled values between (kLayerNorm); from
// all of its positions (kFullyConnected), which leaves no class activation map; or from class maps of convolutions
// (kErasing).
enum class HeadForm { kLinear, kBatchNorm, kLayerNorm, kFullyConnected, kErasing };

// Whether logits follow from pooled features through one linear layer.
constexpr bool is_pooled(HeadForm form) { return form < HeadForm::kFullyConnected; }

// Groups of parameters for layer-wise learning rates, from 0 at the stem to count - 1 at the head (spec
// backbones, 2.6).
struct LayerGroups {
  int count = 0;
  std::vector<int> group;  // of each of parameters()
};

// A network: feature map, then classifier. Weights are unspecified until initialize() or a loader fills them, and
// require no gradient until a trainer says so.
class Backbone {
 public:
  virtual ~Backbone() = default;

  // (N, 3, S, S), or signals (N, 1, length, 1) -> (N, C, h, w): the last feature map F, before any final norm.
  virtual at::Tensor features(const at::Tensor& images, const ForwardContext& context) = 0;
  // The trunk in stages, each the blocks of one resolution: features() is run_stage(0) of the images, run_stage(1) of
  // its map and so on to stages() - 1. Maps of earlier layers than the last are those between.
  virtual int stages() const = 0;
  virtual at::Tensor run_stage(int stage, const at::Tensor& x, const ForwardContext& context) = 0;
  // Blocks of a stage, behind which ForwardContext::at_point is called; 0: the family has no such points.
  virtual int blocks(int stage) const = 0;
  // From the map behind a block to the last feature map. Throws ConfigError if the family has no such points.
  virtual at::Tensor features_from(TrunkPoint point, const at::Tensor& x, const ForwardContext& context) = 0;
  // F -> logits (N, classes).
  virtual at::Tensor classify(const at::Tensor& features, const ForwardContext& context) = 0;

  // In the official key order. Tensors alias the network's: writing them (in place) loads it.
  virtual std::vector<NamedTensor> parameters() const = 0;
  virtual std::vector<NamedTensor> buffers() const = 0;
  // All entries of the state dict, parameters and buffers, in the official order.
  virtual std::vector<NamedTensor> state() const = 0;

  // The source's initialization, drawn from a hash of (seed, key): the same whatever the order or gang.
  virtual void initialize(uint64_t seed) = 0;
  // Only the tensors of these keys: those that no file brings.
  virtual void initialize(uint64_t seed, std::span<const std::string> keys) = 0;

  virtual const BackboneVariant& variant() const = 0;
  virtual const BackboneOptions& options() const = 0;

  virtual LayerGroups layer_groups() const = 0;
  // What the loss of auxiliary logits counts in the source's training.
  virtual double auxiliary_loss_weight() const = 0;

  // What its batch norms add to a variance.
  virtual double batch_norm_eps() const = 0;

  virtual HeadForm head_form() const = 0;
  // Null but for kErasing.
  virtual const ErasingHead* erasing_head() const = 0;
  // For class activation maps, of heads that are is_pooled(). `classifier_weight` is (classes, C).
  virtual at::Tensor classifier_weight() const = 0;
  // Exact weights a of spec backbones, 3: for pooled features g (C) of one image and a class, (C). With kLayerNorm they
  // depend on the image through g's deviation; otherwise g is not read. Only for Pool::kGap.
  virtual at::Tensor exact_cam_weights(const at::Tensor& pooled, int64_t class_index) const = 0;
  // const_c with mean_p(sum_k a_k F_k(p)) + const_c = logit_c.
  virtual double exact_cam_constant(int64_t class_index) const = 0;
  // How the logit follows from pooled features g (C) of one image, computed in g's type and on its device: d logit / d
  // g (C), and the logit with one entry of g at zero, for each of them (C). Only for Pool::kGap.
  virtual at::Tensor logit_gradient(const at::Tensor& pooled, int64_t class_index) const = 0;
  virtual at::Tensor logits_without_channel(const at::Tensor& pooled, int64_t class_index) const = 0;

  // Moves all tensors; with channels_last, 4-D parameters too. Before gradients, buckets and moments exist.
  virtual void to(at::Device device, bool channels_last) = 0;
};

// Throws ConfigError for options that the variant's family has no meaning for.
std::unique_ptr<Backbone> make_backbone(const BackboneVariant& variant, const BackboneOptions& options);

// A network of another form with the weights of `trained`, which is of the form kTrain, computed in double.
std::unique_ptr<Backbone> to_form(const Backbone& trained, Form form);

// The fastest form of the variant's family: the most folded one it has.
Form evaluation_form(const BackboneVariant& variant);

// Whether channels-last is the faster memory format on a CPU for networks like this one (training, forward and
// backward).
bool prefers_channels_last(const BackboneVariant& variant);

// Weights and input of spec backbones, 16.2: exactly reproducible values from key names.
void fill_fixture(Backbone& backbone);
at::Tensor fixture_input(int64_t batch, int64_t side);

}  // namespace camsweep
