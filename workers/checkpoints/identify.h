#pragma once

#include <optional>
#include <string>

#include "workers/backbones/backbone.h"
#include "workers/checkpoints/dialects.h"

namespace camsweep {

// What the tensors of a file are, told by their names and shapes alone; no network is built for it.
struct NetworkIdentity {
  std::string family;
  std::string dialect;
  // The first entry of the catalog with these shapes, or one put together from them, named after its family. None: of
  // the family, but not as any variant is built.
  std::optional<BackboneVariant> variant = std::nullopt;
  bool is_named = false;                // by the catalog, or by the file itself
  int classes = 0;                      // 0: no classifier
  bool has_erasing_head = false;        // ACoL's in place of the family's own
  HeadKind head = HeadKind::kImagenet;  // kPaper: without the final norm that its family has
  Form form = Form::kTrain;
};

// `tensors` with native names, translated from `dialect`.
// Variants with the same tensors (networks that differ in strides alone) are taken for the first of them.
NetworkIdentity identify(const std::vector<NamedStoredTensor>& tensors, const Dialect& dialect);

// "convnext_base (timm names, 1000 classes)", "convnext of depths 1, 1, 1, 1 and widths 4, 4, 8, 8, not in the catalog
// (official names, 3 classes)".
std::string describe(const NetworkIdentity& identity);

}  // namespace camsweep
