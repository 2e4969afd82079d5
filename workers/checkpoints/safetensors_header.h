#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace camsweep {

// Where one tensor lies: bytes [begin, end) after the header.
struct TensorRegion {
  std::string name;
  c10::ScalarType dtype = c10::ScalarType::Float;
  std::vector<int64_t> shape;
  uint64_t begin = 0;
  uint64_t end = 0;

  uint64_t bytes() const { return end - begin; }
};

struct SafetensorsHeader {
  std::vector<TensorRegion> regions;  // in the order of the data
  std::map<std::string, std::string> metadata;
};

// Parses and checks the JSON header of a safetensors file (spec backbones, 14.4): regions must fill the file's
// `data_bytes` without gap or overlap and agree with dtype and shape. Throws ConfigError beginning with `file_name`.
SafetensorsHeader parse_safetensors_header(std::string_view json, uint64_t data_bytes, const std::string& file_name);

// The JSON text, padded with spaces so that the data after it is aligned to 8 bytes.
std::string format_safetensors_header(const SafetensorsHeader& header);

// Throws ConfigError if safetensors has no name for `dtype`.
uint64_t safetensors_element_bytes(c10::ScalarType dtype);

}  // namespace camsweep
