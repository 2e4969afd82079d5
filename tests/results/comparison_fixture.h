#pragma once

#include <string>

#include "results/comparison.h"

namespace camsweep {

// A comparison as if read from a database: cells of two backbones with and without augmentation.
inline ComparedCell compared_cell(const std::string& backbone, bool augmentation, std::optional<Summary> boxacc) {
  ComparedCell cell;
  cell.id = backbone + (augmentation ? "+" : "-");
  cell.parameters = {{"backbone", backbone}, {"augmentation", augmentation}, {"epochs", 20}};
  cell.family = backbone.substr(0, backbone.find('_'));
  if (boxacc) cell.metrics["cam.maxboxacc"] = *boxacc;
  return cell;
}

inline Comparison small_comparison() {
  Comparison comparison;
  comparison.sweep = "small";
  comparison.cells = {
      compared_cell("resnet_k3", false, Summary{.mean = 60.25, .std = 1.5, .n = 3}),
      compared_cell("resnet_k3", true, Summary{.mean = 61.0, .std = 0.25, .n = 3}),
      compared_cell("replknet_k13", false, Summary{.mean = 72.5, .std = 2.0, .n = 3}),
      compared_cell("replknet_k13", true, std::nullopt),
  };
  comparison.cells[3].pending_stages = {"localize"};
  for (ComparedCell& cell : comparison.cells) {
    cell.metrics["floor.whole_image"] = {.mean = 41.5, .std = 0.0, .n = 3};
    cell.metrics["floor.centred"] = {.mean = 69.75, .std = 0.0, .n = 3};
  }
  return comparison;
}

}  // namespace camsweep
