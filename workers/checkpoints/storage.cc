#include "workers/checkpoints/storage.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/as_strided.h>
#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>

#include "schemas/error.h"
#include "workers/checkpoints/zip_archive.h"

namespace camsweep {
namespace {

constexpr size_t kMaxDimensions = 16;
constexpr uint64_t kChunk = 1 << 18;  // small enough that its CRC is computed out of the cache it was copied into

struct Extents {
  int64_t elements = 1;
  int64_t last = 0;   // number of the last element, counted from the first
  bool dense = true;  // row by row without gaps
};

Extents extents_of(const StorageView& view, const InputFile& file, const std::string& name) {
  const auto refuse = [&](const char* what) { file.fail(fmt::format("tensor '{}' {}", name, what)); };
  if (view.shape.size() != view.strides.size()) refuse("has a shape and strides that do not go together");
  if (view.shape.size() > kMaxDimensions) refuse("has more dimensions than any network's");
  Extents extents;
  bool overflow = false;
  int64_t sizes = 1;  // their product but for zeros, behind which an overflow would hide
  for (size_t i = view.shape.size(); i-- > 0;) {
    const int64_t size = view.shape[i], stride = view.strides[i];
    if (size < 0 || stride < 0) refuse("has a negative size or stride");
    if (size > 1 && stride != extents.elements) extents.dense = false;
    int64_t span = 0;
    overflow |= __builtin_mul_overflow(std::max<int64_t>(size - 1, 0), stride, &span);
    overflow |= __builtin_add_overflow(extents.last, span, &extents.last);
    overflow |= __builtin_mul_overflow(extents.elements, size, &extents.elements);
    overflow |= __builtin_mul_overflow(sizes, std::max<int64_t>(size, 1), &sizes);
  }
  if (overflow) refuse("has a shape too large to exist");
  return extents;
}

// All of the view's elements and what lies between them, as one line of them.
at::Tensor read_line(const Storage& storage, const StorageView& view, int64_t elements) {
  at::Tensor line = at::empty({elements}, view.dtype);
  const uint64_t size = line.element_size();
  storage.read(static_cast<uint64_t>(view.offset) * size, line.data_ptr(), static_cast<uint64_t>(elements) * size);
  return line;
}

void copy_view(const Storage& storage, const StorageView& view, const Extents& extents, at::Tensor target) {
  CAMSWEEP_CHECK(target.numel() == extents.elements, "a tensor is copied into one of as many elements");
  if (extents.elements == 0) return;
  const bool direct = extents.dense && target.scalar_type() == view.dtype && target.is_contiguous() && target.is_cpu();
  if (direct) {
    const uint64_t size = target.element_size();
    storage.read(static_cast<uint64_t>(view.offset) * size, target.data_ptr(), target.nbytes());
    return;
  }
  const at::Tensor line = read_line(storage, view, extents.last + 1);
  target.copy_(at::as_strided(line, view.shape, view.strides).reshape(target.sizes()));
}

}  // namespace

void Storage::read(uint64_t begin, void* target, uint64_t bytes) const {
  const bool unchecked = region_.crc != 0 && !checked_.load();
  if (unchecked && begin == 0 && bytes == region_.bytes) return read_checked(target);
  if (unchecked) check();
  file_->read(region_.offset + begin, target, bytes);
}

void Storage::read_checked(void* target) const {
  auto* to = static_cast<char*>(target);
  uint32_t crc = 0;
  for (uint64_t done = 0; done < region_.bytes;) {
    const uint64_t count = std::min(kChunk, region_.bytes - done);
    file_->read(region_.offset + done, to + done, count);
    crc = crc32(crc, to + done, count);
    done += count;
  }
  require_crc(*file_, name_, region_.crc, crc);
  checked_ = true;
}

void Storage::check() const {
  std::string chunk;
  uint32_t crc = 0;
  for (uint64_t done = 0; done < region_.bytes; done += chunk.size()) {
    chunk = file_->read(region_.offset + done, std::min(kChunk, region_.bytes - done));
    crc = crc32(crc, chunk.data(), chunk.size());
  }
  require_crc(*file_, name_, region_.crc, crc);
  checked_ = true;
}

StoredTensor stored_view(std::shared_ptr<const Storage> storage, const StorageView& view, const std::string& name) {
  const InputFile& file = storage->file();
  const Extents extents = extents_of(view, file, name);
  const auto capacity = static_cast<int64_t>(storage->bytes() / c10::elementSize(view.dtype));
  if (extents.elements > capacity) file.fail(fmt::format("tensor '{}' has more elements than its storage", name));
  if (view.offset < 0 ||
      (extents.elements > 0 && (view.offset >= capacity || extents.last >= capacity - view.offset))) {
    file.fail(fmt::format("tensor '{}' reaches beyond its storage", name));
  }
  return {.dtype = view.dtype, .shape = view.shape, .copy_to = [storage, view, extents](const at::Tensor& target) {
            copy_view(*storage, view, extents, target);
          }};
}

}  // namespace camsweep
