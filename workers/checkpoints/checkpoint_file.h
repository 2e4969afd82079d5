#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "workers/checkpoints/stored_tensor.h"

namespace camsweep {

enum class Container { kSafetensors, kZip, kTorchScript, kLegacy };

// "safetensors", "zip", "torchscript", "legacy".
std::string container_name(Container container);

// Tensors that lie together under one name of the file's outermost dict: `model`, `state_dict`, `model_ema`; "" for the
// outermost dict itself.
struct TensorGroup {
  std::string wrapper;
  std::vector<NamedStoredTensor> tensors;  // in file order
};

// A weights file of PyTorch or safetensors, as data: nothing in it is ever executed (spec backbones, 14).
struct CheckpointFile {
  std::string name;  // for messages
  Container container = Container::kSafetensors;
  std::vector<TensorGroup> groups = {};   // in file order; safetensors and TorchScript have one, ""
  std::vector<std::string> ignored = {};  // what else it holds, in words: "epoch: 299", "args: argparse.Namespace"
  std::map<std::string, std::string> metadata = {};  // safetensors alone
};

struct ReadOptions {
  bool check_crc = true;  // of zip records that carry one
};

// Opens any container of spec backbones, 14, by its first bytes. Memory stays below the file's size plus 64 MB,
// whatever the file says about itself. Throws ConfigError with one sentence: the file, what is wrong, what is allowed.
CheckpointFile open_checkpoint(const std::filesystem::path& file, const ReadOptions& options = {});

}  // namespace camsweep
