#pragma once

#include <string>
#include <vector>

#include "schemas/json.h"

namespace camsweep {

// One variant of a backbone family as data. Beside a field: the families that read it. A `backbones:` block of a sweep
// file may set any field that its family reads.
struct BackboneVariant {
  std::string name = {};
  std::string family = {};  // resnet, densenet, vgg, alexnet, googlenet, inception, convnext, replknet, slak, hornet,
                            // signal_cnn
  std::vector<int> depths = {};   // blocks per stage; densenet: layers; vgg: convolutions; replknet: pairs of blocks
  std::vector<int> widths = {};   // channels per stage; resnet: before the bottleneck's expansion; densenet: the stem's
  std::vector<int> kernels = {};  // convnext, replknet, slak, hornet: depthwise kernel per stage; odd; signal_cnn: of
                                  // each convolution
  int small_kernel = 0;    // replknet: the parallel small branch, 0 = none; slak: the short edge and small branch
  double dw_ratio = 1;     // replknet: depthwise width over block width
  double ffn_ratio = 4;    // convnext, replknet, slak, hornet: expansion of the feed-forward part
  std::string block = {};  // resnet: basic, bottleneck; convnext: linear, conv (shape of its MLP weights);
                           // hornet: conv, filter (a global filter in the last two stages)
  std::string norm = {};   // vgg: none, batch; convnext: the final norm stands after pooling (pooled) or before (map)
  std::string tail = {};   // vgg, alexnet, googlenet, inception: what follows the trunk: `full`, as trained on
                           // ImageNet, or `cam`, a convolutional classifier whose maps localize
  int stride = 32;         // resnet, vgg, inception: input px per position of the last map
  int growth = 32;         // densenet: channels a layer adds
  int groups = 1;          // vgg, googlenet: of the convolution that the tail `cam` adds
  double dropout = 0;      // vgg, alexnet, googlenet, inception: before linear layers; inception `cam`: before convs
  int auxiliary = 0;       // googlenet, inception: 1 = with auxiliary classifiers, which only training computes
  std::vector<int> filters = {};  // hornet `filter`: sides of the global filters of the last two stages, positions
};

// The fields that the variant's family reads; those that a family got later, only where they differ from what it did
// before, so that the identities of older jobs stay.
Json to_json(const BackboneVariant& variant);

// Throws ConfigError naming the field if `json` is no complete variant of a known family.
BackboneVariant variant_from_json(const Json& json);

// The smallest square image that the network's layers without padding leave a position of, px; 32 where they would take
// less; of signals the smallest length. Auxiliary classifiers, which only training computes, may need more.
int smallest_side(const BackboneVariant& variant);
int smallest_training_side(const BackboneVariant& variant);

// Whether it takes one-dimensional signals, (N, 1, length, 1), instead of images.
bool takes_signals(const BackboneVariant& variant);

// Whether stochastic depth has anything to drop.
bool has_residual_branches(const BackboneVariant& variant);

// Stages of its trunk, each the blocks of one resolution: what the parameter `layers` counts.
int stage_count(const BackboneVariant& variant);

// Whether its classifier leaves class activation maps: fully connected layers after the last map do not.
bool has_class_maps(const BackboneVariant& variant);

// What a variant of the family takes where a `backbones:` block does not say it; depths and widths have no default.
// Throws ConfigError with `place` and the known families.
Json family_defaults(const std::string& family, const std::string& place);

}  // namespace camsweep
