#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace camsweep {

// A sweep of four cells that trains in seconds: drawn shapes, a network of a few thousand parameters, gangs
// of two. `epochs` makes it longer; `extra` is appended at the top level.
inline std::string small_sweep(int epochs = 3, std::string_view extra = "") {
  return R"(sweep: small
dataset: {kind: synth, classes: 3, train: 16, val: 2, test: 4, side: 64, seed: 1}
backbones:
  tiny: {family: convnext, depths: [1, 1, 1, 1], widths: [8, 8, 16, 16], kernels: [3, 3, 3, 3]}
defaults: {resolution: 64, batch: 8, lr: 1.0e-3, gang: 2, eval_side: 64}
matrix: {backbone: [tiny], augmentation: [true, false], label_smoothing: [0, 0.1], epochs: )" +
         std::to_string(epochs) + R"(}
analyses:
  - {localize: {methods: [cam, pc1], save_maps: 2}}
  - {pca: {images: 4}}
report: {table: {rows: [augmentation], columns: [label_smoothing], value: cam.maxboxacc}}
)" + std::string(extra);
}

}  // namespace camsweep
