#pragma once

#include <functional>
#include <memory>

#include "workers/checkpoints/checkpoint_file.h"
#include "workers/checkpoints/pickle.h"
#include "workers/checkpoints/storage.h"
#include "workers/checkpoints/storage_reference.h"

namespace camsweep {

// The storage, which must hold what the reference says. Throws ConfigError.
using FindStorage = std::function<std::shared_ptr<const Storage>(const StorageReference&)>;

// Adds the tensors of the object that torch.save() wrote to `checkpoint`, by the outermost dict's entries, and what
// else it holds in words (spec backbones, 14.2). Of TorchScript: the tensors of the tree of attributes, by dotted
// names.
void add_saved_object(const Pickle& pickle, const FindStorage& find, CheckpointFile& checkpoint);
void add_script_module(const Pickle& pickle, const FindStorage& find, CheckpointFile& checkpoint);

}  // namespace camsweep
