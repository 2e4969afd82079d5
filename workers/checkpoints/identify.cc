#include "workers/checkpoints/identify.h"

#include <fmt/format.h>

#include <algorithm>

#include "schemas/backbone_catalog.h"
#include "schemas/error.h"
#include "workers/backbones/erasing_head.h"
#include "workers/checkpoints/family_fields.h"
#include "workers/checkpoints/network_parts.h"

namespace camsweep {
namespace {

// Whether a variant has the fields that a file tells.
bool agrees(const BackboneVariant& variant, const Json& fields) {
  Json own = family_defaults(variant.family, variant.name);
  own.update(to_json(variant));
  return std::ranges::all_of(fields.items(), [&](const auto& field) { return own.at(field.key()) == field.value(); });
}

const CatalogEntry* find_entry(const std::string& family, const Json& fields) {
  const auto found = std::ranges::find_if(backbone_catalog(), [&](const CatalogEntry& entry) {
    return entry.variant.family == family && agrees(entry.variant, fields);
  });
  return found == backbone_catalog().end() ? nullptr : &*found;
}

// A ConvNeXt whose pointwise weights lie as another source stores them is the same network.
const CatalogEntry* find_entry_of_either_storage(const std::string& family, Json fields) {
  if (const CatalogEntry* entry = find_entry(family, fields)) return entry;
  if (family != "convnext") return nullptr;
  fields.erase("block");
  return find_entry(family, fields);
}

std::optional<BackboneVariant> put_together(const std::string& family, const Json& fields) {
  Json json = family_defaults(family, family);
  if (family == "replknet") json["small_kernel"] = 0;  // what merged kernels leave open
  json.update(fields);
  json["name"] = family;
  try {
    return variant_from_json(json);
  } catch (const ConfigError&) {
    return std::nullopt;
  }
}

Form form_of(const TensorShapes& shapes) {
  const bool folded_slak = shapes.has("stages.0.0.large_kernel.LoRA1.conv.bias");
  if (folded_slak || shapes.has("stem.0.conv.bias")) return Form::kFolded;
  if (shapes.has("stages.0.blocks.0.large_kernel.lkb_reparam.weight")) return Form::kMerged;
  return Form::kTrain;
}

HeadKind head_of(const std::string& family, const TensorShapes& shapes) {
  const bool has_final_norm = family == "convnext" || family == "slak" || family == "hornet";
  return has_final_norm && !shapes.has("norm.weight") ? HeadKind::kPaper : HeadKind::kImagenet;
}

}  // namespace

NetworkIdentity identify(const std::vector<NamedStoredTensor>& tensors, const Dialect& dialect) {
  const TensorShapes shapes(tensors);
  NetworkIdentity identity{.family = dialect.family, .dialect = dialect.name};
  identity.head = head_of(dialect.family, shapes);
  identity.form = form_of(shapes);

  Json fields = family_fields(dialect.family, shapes);
  if (!dialect.norm.empty()) fields["norm"] = dialect.norm;
  if (const CatalogEntry* entry = find_entry_of_either_storage(dialect.family, fields)) {
    identity.variant = entry->variant;
    identity.is_named = true;
  } else {
    identity.variant = put_together(dialect.family, fields);
  }
  identity.has_erasing_head = shapes.has(ErasingHead::kClassifier);
  if (identity.variant) {
    const std::string own = classifier_name(*identity.variant) + ".weight";
    identity.classes = shapes.size(identity.has_erasing_head ? ErasingHead::kClassifier : own, 0);
  }
  return identity;
}

std::string describe(const NetworkIdentity& identity) {
  std::string network = identity.family + " of unknown build";
  if (identity.variant && identity.is_named) {
    network = identity.variant->name;
  } else if (identity.variant) {
    network = fmt::format("{} of depths {} and widths {}, not in the catalog", identity.family,
                          fmt::join(identity.variant->depths, ", "), fmt::join(identity.variant->widths, ", "));
  }
  const std::string classes = identity.classes == 0 ? "no classifier" : fmt::format("{} classes", identity.classes);
  const std::string form = identity.form == Form::kTrain ? "" : fmt::format(", {}", form_name(identity.form));
  const char* head = identity.has_erasing_head ? ", the head of acol" : "";
  return fmt::format("{} ({} names, {}{}{})", network, identity.dialect, classes, head, form);
}

}  // namespace camsweep
