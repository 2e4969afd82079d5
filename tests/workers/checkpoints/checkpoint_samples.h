#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/error.h"
#include "workers/backbones/backbone.h"
#include "workers/checkpoints/checkpoint_file.h"

namespace camsweep {

// Weights files as values, for tests.

inline BackboneVariant small_convnext(const char* block = "linear") {
  return find_backbone(
      "small",
      {{"small", {{"family", "convnext"}, {"depths", {1, 2, 1, 1}}, {"widths", {4, 4, 8, 8}}, {"block", block}}}});
}

inline BackboneVariant small_replknet() {
  return find_backbone("small", {{"small",
                                  {{"family", "replknet"},
                                   {"depths", {1, 1, 2, 1}},
                                   {"widths", {4, 4, 8, 8}},
                                   {"kernels", {9, 7, 7, 5}},
                                   {"small_kernel", 3}}}});
}

inline std::unique_ptr<Backbone> fixture(const BackboneVariant& variant, const BackboneOptions& options) {
  std::unique_ptr<Backbone> backbone = make_backbone(variant, options);
  fill_fixture(*backbone);
  return backbone;
}

inline std::vector<NamedStoredTensor> stored(const std::vector<NamedTensor>& state) {
  std::vector<NamedStoredTensor> tensors;
  for (const NamedTensor& entry : state) {
    tensors.push_back({.name = entry.name, .tensor = stored_in_memory(entry.tensor.clone())});
  }
  return tensors;
}

// Tensors that are described but hold nothing: enough to be identified.
inline std::vector<NamedStoredTensor> described(const std::vector<NamedTensor>& state) {
  std::vector<NamedStoredTensor> tensors;
  for (const NamedTensor& entry : state) {
    tensors.push_back(
        {.name = entry.name,
         .tensor = {.dtype = entry.tensor.scalar_type(), .shape = entry.tensor.sizes().vec(), .copy_to = {}}});
  }
  return tensors;
}

inline CheckpointFile file_of(std::vector<NamedStoredTensor> tensors, const std::string& wrapper = "") {
  CheckpointFile file;
  file.name = "weights.pth";
  file.container = Container::kZip;
  file.groups.push_back({.wrapper = wrapper, .tensors = std::move(tensors)});
  return file;
}

inline CheckpointFile file_of(const Backbone& backbone) { return file_of(stored(backbone.state())); }

// Tensors of these names, one element each.
inline std::vector<NamedStoredTensor> named(const std::vector<std::string>& names) {
  std::vector<NamedStoredTensor> tensors;
  for (const std::string& name : names) tensors.push_back({.name = name, .tensor = stored_in_memory(at::zeros({1}))});
  return tensors;
}

inline at::Tensor tensor_named(const Backbone& backbone, std::string_view name) {
  for (const NamedTensor& entry : backbone.state()) {
    if (entry.name == name) return entry.tensor;
  }
  return {};
}

inline bool lists(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The sentence with which `action` refuses its input.
template <typename Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no complaint";
}

}  // namespace camsweep
