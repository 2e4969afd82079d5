#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/json.h"
#include "workers/checkpoints/stored_tensor.h"

namespace camsweep {

// The shapes of a state dict, by name. What a file does not have is of size 0, which no variant allows.
class TensorShapes {
 public:
  explicit TensorShapes(const std::vector<NamedStoredTensor>& tensors);

  bool has(std::string_view name) const { return shapes_.contains(name); }
  int size(std::string_view name, size_t axis) const;
  int rank(std::string_view name) const;
  // How many tensors in a row are there whose names are `pattern` with `#` = first, first + 1, ..
  int count(std::string_view pattern, int first = 0) const;

 private:
  std::map<std::string, const std::vector<int64_t>*, std::less<>> shapes_;
};

// The fields of schemas/backbone_variant.h that the shapes tell, by field name; those that they do not tell (strides,
// dropout) are missing. `shapes` with native names.
Json family_fields(const std::string& family, const TensorShapes& shapes);

}  // namespace camsweep
