#include "workers/checkpoints/safetensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "workers/checkpoints/containers.h"
#include "workers/checkpoints/little_endian.h"
#include "workers/checkpoints/safetensors_header.h"
#include "workers/checkpoints/storage.h"

namespace camsweep {
namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the reference implementation
constexpr uint64_t kLengthBytes = 8;

uint64_t header_length(const InputFile& file) {
  if (file.size() < kLengthBytes) file.fail(fmt::format("is no safetensors file, only {} bytes long", file.size()));
  const uint64_t length = little_endian(file.read(0, kLengthBytes));
  if (length > kMaxHeaderBytes || length > file.size() - kLengthBytes) {
    file.fail(
        fmt::format("is no safetensors file, or cut off: a header of {} bytes in a file of {}", length, file.size()));
  }
  return length;
}

std::vector<int64_t> dense_strides(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * std::max<int64_t>(shape[i], 1);
  return strides;
}

}  // namespace

const at::Tensor* TensorFile::find(const std::string& name) const {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const auto& entry) { return entry.first == name; });
  return found == tensors.end() ? nullptr : &found->second;
}

CheckpointFile open_safetensors(const std::shared_ptr<const InputFile>& file) {
  const uint64_t length = header_length(*file);
  const uint64_t data = kLengthBytes + length;
  const SafetensorsHeader header =
      parse_safetensors_header(file->read(kLengthBytes, length), file->size() - data, file->name());
  CheckpointFile checkpoint{.name = file->name(), .container = Container::kSafetensors, .metadata = header.metadata};
  TensorGroup& group = checkpoint.groups.emplace_back();
  for (const TensorRegion& region : header.regions) {
    const auto storage = std::make_shared<Storage>(
        file, region.name, Storage::Region{.offset = data + region.begin, .bytes = region.bytes()});
    const StorageView view{.dtype = region.dtype, .shape = region.shape, .strides = dense_strides(region.shape)};
    group.tensors.push_back({region.name, stored_view(storage, view, region.name)});
  }
  return checkpoint;
}

TensorFile read_safetensors(const std::filesystem::path& file) {
  const CheckpointFile checkpoint = open_safetensors(std::make_shared<const InputFile>(file));
  TensorFile content{.tensors = {}, .metadata = checkpoint.metadata};
  for (const auto& [name, tensor] : checkpoint.groups.front().tensors)
    content.tensors.emplace_back(name, tensor.read());
  return content;
}

}  // namespace camsweep
