#pragma once

#include <memory>

#include "workers/checkpoints/checkpoint_file.h"
#include "workers/checkpoints/input_file.h"

// One function a container; open_checkpoint() chooses. All throw ConfigError beginning with the file's name.
namespace camsweep {

// Spec backbones, 14.2: a zip archive of one pickle and one record per storage, or TorchScript's of the same kind.
CheckpointFile open_zip_checkpoint(const std::shared_ptr<const InputFile>& file, const ReadOptions& options);

// Spec backbones, 14.3: pickles one after another, then the storages. PyTorch before 1.6.
CheckpointFile open_legacy_checkpoint(const std::shared_ptr<const InputFile>& file);
inline constexpr char kLegacyMagic[] = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\x2e";

// Spec backbones, 14.4.
CheckpointFile open_safetensors(const std::shared_ptr<const InputFile>& file);

}  // namespace camsweep
