#include "workers/checkpoints/safetensors.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "schemas/error.h"
#include "workers/checkpoints/safetensors_header.h"

namespace camsweep {
namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the reference implementation

class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : name_(file.string()), in_(file, std::ios::binary) {
    std::error_code error;
    size_ = std::filesystem::file_size(file, error);
    if (!in_ || error) throw ConfigError(fmt::format("{}: cannot be read as a weights file", name_));
  }

  TensorFile read() {
    const uint64_t header_bytes = read_header_length();
    std::string header(header_bytes, '\0');
    read_exactly(header.data(), header_bytes);
    const SafetensorsHeader parsed = parse_safetensors_header(header, size_ - 8 - header_bytes, name_);

    // The header was checked: regions follow each other without a gap, so one pass over the file reads them all.
    TensorFile content{.tensors = {}, .metadata = parsed.metadata};
    for (const TensorRegion& region : parsed.regions) {
      const at::Tensor tensor = at::empty(region.shape, region.dtype);
      read_exactly(static_cast<char*>(tensor.data_ptr()), region.bytes());
      content.tensors.emplace_back(region.name, tensor);
    }
    return content;
  }

 private:
  uint64_t read_header_length() {
    if (size_ < 8) throw ConfigError(fmt::format("{}: no safetensors file, only {} bytes long", name_, size_));
    unsigned char bytes[8];
    read_exactly(reinterpret_cast<char*>(bytes), sizeof(bytes));
    uint64_t length = 0;
    for (int i = 7; i >= 0; --i) length = length << 8 | bytes[i];
    if (length > kMaxHeaderBytes || length > size_ - 8) {
      throw ConfigError(fmt::format("{}: no safetensors file, or cut off: a header of {} bytes in a file of {}", name_,
                                    length, size_));
    }
    return length;
  }

  void read_exactly(char* target, uint64_t bytes) {
    if (bytes == 0) return;
    in_.read(target, static_cast<std::streamsize>(bytes));
    if (!in_) throw ConfigError(fmt::format("{}: ended or failed while it was read", name_));
  }

  std::string name_;
  std::ifstream in_;
  uint64_t size_ = 0;
};

}  // namespace

const at::Tensor* TensorFile::find(const std::string& name) const {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const auto& entry) { return entry.first == name; });
  return found == tensors.end() ? nullptr : &found->second;
}

TensorFile read_safetensors(const std::filesystem::path& file) { return Reader(file).read(); }

}  // namespace camsweep
