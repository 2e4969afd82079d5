#include <fmt/format.h>

#include <map>

#include "schemas/utf8.h"
#include "workers/checkpoints/containers.h"
#include "workers/checkpoints/torch_pickle.h"
#include "workers/checkpoints/zip_archive.h"

namespace camsweep {
namespace {

constexpr uint64_t kMaxPickleBytes = 16'000'000;

class ZipCheckpoint {
 public:
  ZipCheckpoint(std::shared_ptr<const InputFile> file, const ReadOptions& options)
      : file_(std::move(file)), options_(options), records_(read_zip_directory(*file_)), top_(find_top()) {}

  CheckpointFile open() {
    const ZipRecord* order = find("byteorder");
    if (order && read("byteorder", *order) != "little")
      file_->fail("its numbers are big-endian, which is not supported");
    const bool script = find("constants.pkl") || has_folder("code/");
    CheckpointFile checkpoint{.name = file_->name(), .container = script ? Container::kTorchScript : Container::kZip};
    const std::string bytes = read("data.pkl", records_.at(top_ + "data.pkl"));
    const Pickle pickle = read_pickle(bytes, file_->name());
    const FindStorage find_storage = [&](const StorageReference& reference) { return storage(reference); };
    script ? add_script_module(pickle, find_storage, checkpoint) : add_saved_object(pickle, find_storage, checkpoint);
    return checkpoint;
  }

 private:
  // The archive's one folder, with a slash.
  std::string find_top() const {
    constexpr std::string_view kPickle = "data.pkl";
    for (const auto& [name, record] : records_) {
      const size_t slash = name.find('/');
      if (slash != std::string::npos && name.substr(slash + 1) == kPickle) return name.substr(0, slash + 1);
    }
    file_->fail("is a zip archive without data.pkl, so it was not written by PyTorch");
  }

  const ZipRecord* find(const std::string& name) const {
    const auto found = records_.find(top_ + name);
    return found == records_.end() ? nullptr : &found->second;
  }

  bool has_folder(const std::string& name) const {
    const auto next = records_.lower_bound(top_ + name);
    return next != records_.end() && next->first.starts_with(top_ + name);
  }

  std::string read(const std::string& name, const ZipRecord& record) const {
    if (record.bytes > kMaxPickleBytes) file_->fail(fmt::format("its record '{}' is larger than any network's", name));
    std::string bytes = read_record(*file_, name, record);
    if (options_.check_crc) require_crc(*file_, name, record.crc, crc32(0, bytes.data(), bytes.size()));
    return bytes;
  }

  // Tensors that share a storage share its check.
  std::shared_ptr<const Storage> storage(const StorageReference& reference) {
    const std::string key(reference.key);
    const ZipRecord* record = find("data/" + key);
    if (!record) file_->fail(fmt::format("its storage '{}' is missing", escaped(reference.key)));
    if (record->compressed) file_->fail(fmt::format("its storage '{}' is compressed", escaped(reference.key)));
    const uint64_t size = c10::elementSize(reference.dtype);
    if (record->bytes % size != 0 || record->bytes / size != static_cast<uint64_t>(reference.elements)) {
      file_->fail(fmt::format("its storage '{}' has {} bytes, not the {} elements of {} that its pickle says",
                              escaped(reference.key), record->bytes, reference.elements, size));
    }
    std::shared_ptr<const Storage>& storage = storages_[key];
    if (!storage) {
      const uint32_t crc = options_.check_crc ? record->crc : 0;
      storage = std::make_shared<Storage>(file_, "data/" + key, Storage::Region{record->offset, record->bytes, crc});
    }
    return storage;
  }

  std::shared_ptr<const InputFile> file_;
  ReadOptions options_;
  ZipDirectory records_;
  std::string top_;
  std::map<std::string, std::shared_ptr<const Storage>> storages_;
};

}  // namespace

CheckpointFile open_zip_checkpoint(const std::shared_ptr<const InputFile>& file, const ReadOptions& options) {
  return ZipCheckpoint(file, options).open();
}

}  // namespace camsweep
