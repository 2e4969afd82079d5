#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "workers/checkpoints/checkpoint_file.h"
#include "workers/checkpoints/pickle.h"
#include "workers/checkpoints/storage.h"

namespace camsweep {

// What a pickle says about one storage.
struct StorageReference {
  std::string_view key;  // lies where the pickle's texts do
  c10::ScalarType dtype = c10::ScalarType::Float;
  int64_t elements = 0;
  int64_t offset = 0;  // of a view of a storage (files of before 2017), elements
};

// The storage, which must hold what the reference says. Throws ConfigError.
using FindStorage = std::function<std::shared_ptr<const Storage>(const StorageReference&)>;

// Adds the tensors of the object that torch.save() wrote to `checkpoint`, by the outermost dict's entries, and what
// else it holds in words (spec backbones, 14.2). Of TorchScript: the tensors of the tree of attributes, by dotted
// names.
void add_saved_object(const Pickle& pickle, const FindStorage& find, CheckpointFile& checkpoint);
void add_script_module(const Pickle& pickle, const FindStorage& find, CheckpointFile& checkpoint);

// Every storage that the pickle refers to, by its key. Throws ConfigError if it is said to be of two types or sizes.
std::map<std::string_view, StorageReference> storage_references(const Pickle& pickle, const std::string& file_name);

}  // namespace camsweep
