#include "workers/checkpoints/checkpoint_file.h"

#include "schemas/error.h"
#include "workers/checkpoints/safetensors.h"

namespace camsweep {

std::string container_name(Container container) {
  switch (container) {
    case Container::kSafetensors:
      return "safetensors";
    case Container::kZip:
      return "zip";
    case Container::kTorchScript:
      return "torchscript";
    case Container::kLegacy:
      return "legacy";
  }
  CAMSWEEP_CHECK(false, "every container has a name");
  return "";
}

CheckpointFile open_checkpoint(const std::filesystem::path& file, const ReadOptions&) {
  const TensorFile content = read_safetensors(file);
  CheckpointFile checkpoint{
      .name = file.string(), .groups = {{.wrapper = "", .tensors = {}}}, .ignored = {}, .metadata = content.metadata};
  for (const auto& [name, tensor] : content.tensors) {
    checkpoint.groups[0].tensors.push_back({.name = name, .tensor = stored_in_memory(tensor)});
  }
  return checkpoint;
}

}  // namespace camsweep
