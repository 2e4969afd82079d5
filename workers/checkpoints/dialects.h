#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schemas/backbone_variant.h"
#include "workers/checkpoints/stored_tensor.h"

namespace camsweep {

struct NameRule {
  const char* native;  // patterns of workers/checkpoints/name_pattern.h
  const char* theirs;
};

// The names that one source gives the tensors of a family. Ours are the native ones: those of the official repository,
// or torchvision's (spec backbones, 10.2, 11.2, 12.2, 13, 4-9).
struct Dialect {
  std::string family;
  std::string name;                  // "official", "timm", "torchvision", ..
  std::string also = {};             // a second source that uses the same names
  std::vector<const char*> probes;   // names that a state dict of this dialect has, all of them
  std::vector<NameRule> rules = {};  // the first that matches holds; none: the names are native
  std::string norm = {};             // convnext: of variants with their norm there alone
  bool writable = true;              // what files are converted to; others are old or belong to one program
};

// The dialect of a state dict with these names, nullptr if none is known.
const Dialect* find_dialect(const std::vector<NamedStoredTensor>& tensors);

// What a file may be converted to. Throws ConfigError naming the dialects that the variant's family has.
const Dialect& writable_dialect(const BackboneVariant& variant, std::string_view name);
// The dialect of our own names.
const Dialect& native_dialect(const BackboneVariant& variant);

// "" if the dialect has no name for it.
std::string native_name(const Dialect& dialect, std::string_view theirs);
std::string name_in(const Dialect& dialect, std::string_view native);

// The shape that a dialect gives the tensor of a native name: pointwise layers are [O, I] or [O, I, 1, 1], scales [C]
// or [C, 1, 1], everything else stays.
std::vector<int64_t> shape_in(const Dialect& dialect, const BackboneVariant& variant, std::string_view native,
                              std::vector<int64_t> shape);

}  // namespace camsweep
