#include <ATen/core/Tensor.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "schemas/error.h"
#include "schemas/hash.h"
#include "workers/checkpoints/safetensors.h"
#include "workers/checkpoints/safetensors_header.h"

namespace camsweep {
namespace {

// A file under construction beside its final name. Gone again unless publish() returned.
class PendingFile {
 public:
  explicit PendingFile(const std::filesystem::path& target)
      : target_(target), pending_(target.string() + ".part." + std::to_string(::getpid())) {
    descriptor_ = ::open(pending_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor_ < 0) fail();
  }

  ~PendingFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!published_) ::unlink(pending_.c_str());
  }

  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  void write(std::string_view bytes) {
    hash_.add(bytes);
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) fail();
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }

  // Renames the file to its final name and returns its SHA-256.
  std::string publish(Sync sync) {
    if (sync == Sync::kYes && ::fsync(descriptor_) != 0) fail();
    const int closed = ::close(descriptor_);
    descriptor_ = -1;
    if (closed != 0 || ::rename(pending_.c_str(), target_.c_str()) != 0) fail();
    published_ = true;
    if (sync == Sync::kYes) sync_folder();
    return hash_.hex();
  }

 private:
  void sync_folder() const {
    const std::filesystem::path folder = target_.has_parent_path() ? target_.parent_path() : ".";
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) fail();
    const int synced = ::fsync(descriptor);
    const int reason = errno;
    ::close(descriptor);
    if (synced != 0) throw environment_error("cannot write " + target_.string(), reason);
  }

  [[noreturn]] void fail() const { throw environment_error("cannot write " + target_.string(), errno); }

  std::filesystem::path target_;
  std::filesystem::path pending_;
  int descriptor_ = -1;
  bool published_ = false;
  Sha256 hash_;
};

std::string little_endian(uint64_t number) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(number >> (8 * i) & 0xff));
  return bytes;
}

}  // namespace

std::string write_safetensors(const std::filesystem::path& file, const TensorFile& content, Sync sync) {
  SafetensorsHeader header{.regions = {}, .metadata = content.metadata};
  uint64_t end = 0;
  for (const auto& [name, tensor] : content.tensors) {
    const uint64_t begin = end;
    end += static_cast<uint64_t>(tensor.numel()) * safetensors_element_bytes(tensor.scalar_type());
    header.regions.push_back(
        {.name = name, .dtype = tensor.scalar_type(), .shape = tensor.sizes().vec(), .begin = begin, .end = end});
  }
  const std::string text = format_safetensors_header(header);

  PendingFile pending(file);
  pending.write(little_endian(text.size()));
  pending.write(text);
  for (const auto& [name, tensor] : content.tensors) {
    const at::Tensor plain = tensor.detach().to(at::kCPU).contiguous();
    pending.write({static_cast<const char*>(plain.const_data_ptr()), plain.nbytes()});
  }
  return pending.publish(sync);
}

}  // namespace camsweep
