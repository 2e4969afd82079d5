#pragma once

#include <c10/core/ScalarType.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "workers/checkpoints/pickle.h"

namespace camsweep {

constexpr size_t kMaxTensors = 20'000;  // of a file, more than any network has

// What a pickle says about one storage.
struct StorageReference {
  std::string_view key;  // lies where the pickle's texts do
  c10::ScalarType dtype = c10::ScalarType::Float;
  int64_t elements = 0;
  int64_t offset = 0;  // of a view of a storage (files of before 2017), elements
};

// Reads persistent_load's tuple ("storage", type, key, location, elements[, (view key, offset, elements)]). `owner` is
// for messages: "tensor 'x'". Throws ConfigError for anything else, and for types that are not supported.
StorageReference storage_reference(const PickleValue& value, const Pickle& pickle, const std::string& owner,
                                   const std::string& file_name);

// Every storage that the pickle refers to, by its key. Throws ConfigError if it is said to be of two types or sizes.
std::map<std::string_view, StorageReference> storage_references(const Pickle& pickle, const std::string& file_name);

}  // namespace camsweep
