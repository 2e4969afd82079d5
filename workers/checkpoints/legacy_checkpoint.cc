#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>

#include "schemas/utf8.h"
#include "workers/checkpoints/containers.h"
#include "workers/checkpoints/little_endian.h"
#include "workers/checkpoints/torch_pickle.h"

namespace camsweep {
namespace {

using Kind = PickleValue::Kind;

constexpr int64_t kProtocol = 1001;
constexpr uint64_t kMaxPickleBytes = 16'000'000;  // of all pickles at the file's beginning
constexpr uint64_t kCountBytes = 8;
constexpr size_t kLongestShown = 60;
constexpr size_t kHeadValues = 1'000;  // of the pickles before the object
constexpr size_t kKeyValues = 30'000;  // of the list of storages

class LegacyCheckpoint {
 public:
  explicit LegacyCheckpoint(std::shared_ptr<const InputFile> file)
      : file_(std::move(file)), head_(file_->read(0, std::min(file_->size(), kMaxPickleBytes))) {}

  CheckpointFile open() {
    next_pickle(kHeadValues);  // the magic number, by which the container was chosen
    const Pickle protocol = next_pickle(kHeadValues);
    if (protocol.top().kind != Kind::kInteger || protocol.top().integer != kProtocol) {
      file_->fail(fmt::format("is a PyTorch file of an unknown kind (its protocol is not {})", kProtocol));
    }
    require_little_endian(next_pickle(kHeadValues));
    const Pickle object = next_pickle(kMaxPickleValues);
    const Pickle keys = next_pickle(kKeyValues);
    find_storages(keys, storage_references(object, file_->name()));
    CheckpointFile checkpoint{.name = file_->name(), .container = Container::kLegacy};
    add_saved_object(
        object, [&](const StorageReference& reference) { return storages_.find(reference.key)->second; }, checkpoint);
    return checkpoint;
  }

 private:
  Pickle next_pickle(size_t max_values) {
    Pickle pickle = read_pickle(std::string_view(head_).substr(offset_), file_->name(), max_values);
    offset_ += pickle.bytes;
    return pickle;
  }

  void require_little_endian(const Pickle& system) const {
    const std::vector<PickleIndex>& items = system.top().items;
    for (size_t i = 0; i + 1 < items.size(); i += 2) {
      const PickleValue& value = system[items[i + 1]];
      if (system[items[i]].text == "little_endian" && value.kind == Kind::kBool && value.integer == 0) {
        file_->fail("its numbers are big-endian, which is not supported");
      }
    }
  }

  using References = std::map<std::string_view, StorageReference>;

  // The storages follow each other in the order of `keys`, each after its number of elements.
  void find_storages(const Pickle& keys, const References& references) {
    if (keys.top().kind != Kind::kList) file_->fail("its list of storages is no list");
    uint64_t offset = offset_;
    for (const PickleIndex index : keys.top().items) {
      const std::string_view key = keys[index].text;
      const auto reference = references.find(key);
      if (reference == references.end()) {
        file_->fail(fmt::format("its storage '{}' belongs to no tensor", escaped(key.substr(0, kLongestShown))));
      }
      offset = add_storage(reference->second, offset);
    }
    if (offset != file_->size()) {
      file_->fail(fmt::format("has {} bytes where its storages end at {}", file_->size(), offset));
    }
    for (const auto& [key, reference] : references) {
      if (!storages_.contains(key)) file_->fail(fmt::format("its storage '{}' is missing", escaped(key)));
    }
  }

  // Returns where the next one begins.
  uint64_t add_storage(const StorageReference& reference, uint64_t offset) {
    const uint64_t elements = little_endian(file_->read(offset, kCountBytes));
    offset += kCountBytes;
    if (elements != static_cast<uint64_t>(reference.elements)) {
      file_->fail(fmt::format("its storage '{}' has another size than its pickle says", escaped(reference.key)));
    }
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(elements, c10::elementSize(reference.dtype), &bytes) || bytes > file_->size() - offset) {
      file_->fail(fmt::format("its storage '{}' is cut off", escaped(reference.key)));
    }
    std::string key(reference.key);
    const auto storage = std::make_shared<Storage>(file_, key, Storage::Region{offset, bytes, 0});
    if (!storages_.emplace(std::move(key), storage).second) {
      file_->fail(fmt::format("names the storage '{}' twice", escaped(reference.key)));
    }
    return offset + bytes;
  }

  std::shared_ptr<const InputFile> file_;
  std::string head_;
  uint64_t offset_ = 0;
  std::map<std::string, std::shared_ptr<const Storage>, std::less<>> storages_;
};

}  // namespace

CheckpointFile open_legacy_checkpoint(const std::shared_ptr<const InputFile>& file) {
  return LegacyCheckpoint(file).open();
}

}  // namespace camsweep
