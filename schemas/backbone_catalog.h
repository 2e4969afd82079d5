#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "schemas/backbone_variant.h"
#include "schemas/json.h"

namespace camsweep {

// What may be said of a variant without building it. Both numbers are those of the source's implementation; a test
// builds every network and compares.
struct CatalogEntry {
  BackboneVariant variant;
  int64_t parameters = 0;  // with 1000 classes and the head `imagenet`
  int map_side = 0;        // positions along one side of the last feature map at 224 px
};

// Every backbone a sweep file may name, in one list, family by family.
const std::vector<CatalogEntry>& backbone_catalog();

// The catalog's entry, nullptr for another name.
const CatalogEntry* find_in_catalog(std::string_view name);

// `name` from `custom` (the `backbones:` block of a sweep file: name -> {family or base, ...overrides}) or the catalog.
// Throws ConfigError with the nearest known name.
BackboneVariant find_backbone(std::string_view name, const Json& custom = Json::object());

}  // namespace camsweep
