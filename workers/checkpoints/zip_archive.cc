#include "workers/checkpoints/zip_archive.h"

#include <fmt/format.h>
#include <libdeflate.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "workers/checkpoints/little_endian.h"

namespace camsweep {
namespace {

// PKWARE's APPNOTE.TXT, sections 4.3 and 4.5.
constexpr uint32_t kLocalSignature = 0x04034b50;
constexpr uint32_t kCentralSignature = 0x02014b50;
constexpr uint32_t kEndSignature = 0x06054b50;
constexpr uint32_t kEnd64Signature = 0x06064b50;
constexpr uint32_t kLocator64Signature = 0x07064b50;
constexpr uint64_t kLocalBytes = 30, kCentralBytes = 46, kEndBytes = 22, kEnd64Bytes = 56, kLocator64Bytes = 20;
constexpr uint64_t kMaxComment = 65535;
constexpr uint64_t kMaxRecords = 100'000;
constexpr uint64_t kMaxDirectoryBytes = 16'000'000;
constexpr uint16_t kEncrypted = 1, kSizesFollow = 8;
constexpr uint64_t kStored = 0;  // the only method of what is read
constexpr uint32_t kIn64 = 0xffffffff;

uint64_t number(std::string_view bytes, uint64_t offset, size_t count) {
  return little_endian(bytes.substr(offset, count));
}

struct Directory {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t records = 0;
};

// A record with the place of its local header.
struct Entry {
  std::string name;
  uint64_t header = 0;
  uint64_t end = 0;  // of its bytes
};

class DirectoryReader {
 public:
  explicit DirectoryReader(const InputFile& file) : file_(file) {}

  ZipDirectory read() {
    const Directory directory = find_directory();
    if (directory.records > kMaxRecords) damaged(fmt::format("it promises {} records", directory.records));
    if (directory.bytes > kMaxDirectoryBytes) damaged("its directory is too large");
    const std::string bytes = file_.read(directory.offset, directory.bytes);
    uint64_t offset = 0;
    for (uint64_t i = 0; i < directory.records; ++i) offset = read_record(bytes, offset);
    if (offset != bytes.size()) damaged("its directory has another size than it says");
    check_overlap(directory.offset);
    return std::move(records_);
  }

 private:
  [[noreturn]] void damaged(const std::string& what) const {
    file_.fail(fmt::format("its zip archive is damaged or cut off: {}", what));
  }

  Directory find_directory() const {
    const uint64_t tail_bytes = std::min(file_.size(), kEndBytes + kMaxComment);
    const std::string tail = file_.read(file_.size() - tail_bytes, tail_bytes);
    for (uint64_t i = tail.size() < kEndBytes ? 0 : tail.size() - kEndBytes + 1; i-- > 0;) {
      if (number(tail, i, 4) != kEndSignature || i + kEndBytes + number(tail, i + 20, 2) != tail.size()) continue;
      const Directory directory{
          .offset = number(tail, i + 16, 4), .bytes = number(tail, i + 12, 4), .records = number(tail, i + 10, 2)};
      const uint64_t end = file_.size() - tail_bytes + i;
      const bool large = directory.offset == kIn64 || directory.bytes == kIn64 || directory.records == 0xffff;
      const Directory found = large ? read_end64(end) : directory;
      if (found.offset > end || found.bytes > end - found.offset) damaged("its directory lies beyond its end");
      return found;
    }
    damaged("the directory at its end is missing");
  }

  Directory read_end64(uint64_t end) const {
    if (end < kLocator64Bytes) damaged("its 64-bit directory is missing");
    const std::string locator = file_.read(end - kLocator64Bytes, kLocator64Bytes);
    if (number(locator, 0, 4) != kLocator64Signature) damaged("its 64-bit directory is missing");
    const std::string record = file_.read(number(locator, 8, 8), kEnd64Bytes);
    if (number(record, 0, 4) != kEnd64Signature) damaged("its 64-bit directory is missing");
    return {.offset = number(record, 48, 8), .bytes = number(record, 40, 8), .records = number(record, 32, 8)};
  }

  // Reads the entry at `offset`; returns where the next one begins.
  uint64_t read_record(std::string_view directory, uint64_t offset) {
    if (directory.size() - offset < kCentralBytes || number(directory, offset, 4) != kCentralSignature) {
      damaged("an entry of its directory is cut off");
    }
    const std::string_view fixed = directory.substr(offset, kCentralBytes);
    const uint64_t name_bytes = number(fixed, 28, 2);
    const uint64_t extra_bytes = number(fixed, 30, 2);
    const uint64_t all = kCentralBytes + name_bytes + extra_bytes + number(fixed, 32, 2);
    if (all > directory.size() - offset) damaged("an entry of its directory is cut off");
    const std::string name(directory.substr(offset + kCentralBytes, name_bytes));
    const std::string_view extra = directory.substr(offset + kCentralBytes + name_bytes, extra_bytes);
    check_name(name);
    if ((number(fixed, 8, 2) & kEncrypted) != 0) file_.fail(fmt::format("its record '{}' is encrypted", name));
    add(name, fixed, extra);
    return offset + all;
  }

  void add(const std::string& name, std::string_view fixed, std::string_view extra) {
    uint64_t stored = number(fixed, 20, 4), bytes = number(fixed, 24, 4), header = number(fixed, 42, 4);
    read_extra64(name, extra, {&bytes, &stored, &header});
    const uint64_t method = number(fixed, 10, 2);
    if (method == kStored && stored != bytes) damaged(fmt::format("the sizes of '{}' disagree", name));
    const uint64_t data = check_local_header(name, header, method, bytes, stored);
    const ZipRecord record{.offset = data,
                           .bytes = stored,
                           .crc = static_cast<uint32_t>(number(fixed, 16, 4)),
                           .compressed = method != kStored};
    if (!records_.emplace(name, record).second) damaged(fmt::format("it names '{}' twice", name));
    entries_.push_back({name, header, data + stored});
  }

  // Numbers that do not fit 32 bits stand in the extra field of kind 1, in this order.
  void read_extra64(const std::string& name, std::string_view extra, std::vector<uint64_t*> fields) const {
    std::erase_if(fields, [](const uint64_t* field) { return *field != kIn64; });
    if (fields.empty()) return;
    for (uint64_t offset = 0; extra.size() - offset >= 4;) {
      const uint64_t size = number(extra, offset + 2, 2);
      if (size > extra.size() - offset - 4) break;
      if (number(extra, offset, 2) == 1 && size >= 8 * fields.size()) {
        for (size_t i = 0; i < fields.size(); ++i) *fields[i] = number(extra, offset + 4 + 8 * i, 8);
        return;
      }
      offset += 4 + size;
    }
    damaged(fmt::format("the 64-bit sizes of '{}' are missing", name));
  }

  // Returns where the record's bytes begin.
  uint64_t check_local_header(const std::string& name, uint64_t header, uint64_t method, uint64_t bytes,
                              uint64_t stored) const {
    if (header > file_.size() || file_.size() - header < kLocalBytes) {
      damaged(fmt::format("'{}' lies beyond its end", name));
    }
    const std::string fixed = file_.read(header, kLocalBytes);
    const uint64_t name_bytes = number(fixed, 26, 2);
    const uint64_t data = header + kLocalBytes + name_bytes + number(fixed, 28, 2);
    if (number(fixed, 0, 4) != kLocalSignature || number(fixed, 8, 2) != method ||
        file_.read(header + kLocalBytes, name_bytes) != name) {
      damaged(fmt::format("the header before '{}' is that of something else", name));
    }
    const uint64_t local_bytes = number(fixed, 22, 4);
    const bool sizes_here = (number(fixed, 6, 2) & kSizesFollow) == 0 && local_bytes != kIn64;
    if (sizes_here && local_bytes != bytes) damaged(fmt::format("the sizes of '{}' disagree", name));
    if (data > file_.size() || stored > file_.size() - data) damaged(fmt::format("'{}' lies beyond its end", name));
    return data;
  }

  void check_name(const std::string& name) const {
    const bool controls = std::ranges::any_of(name, [](char c) { return static_cast<uint8_t>(c) < ' ' || c == 0x7f; });
    const bool strange = name.empty() || name.front() == '/' || name.find('\\') != std::string::npos || controls ||
                         ("/" + name + "/").find("/../") != std::string::npos;
    if (strange) damaged("a record's name is no path inside it");
  }

  void check_overlap(uint64_t directory) {
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.header < b.header; });
    for (size_t i = 0; i < entries_.size(); ++i) {
      const uint64_t next = i + 1 < entries_.size() ? entries_[i + 1].header : directory;
      if (entries_[i].end > next) damaged(fmt::format("'{}' overlaps what follows it", entries_[i].name));
    }
  }

  const InputFile& file_;
  ZipDirectory records_;
  std::vector<Entry> entries_;
};

}  // namespace

ZipDirectory read_zip_directory(const InputFile& file) { return DirectoryReader(file).read(); }

uint32_t crc32(uint32_t before, const void* data, uint64_t bytes) { return libdeflate_crc32(before, data, bytes); }

std::string read_record(const InputFile& file, const std::string& name, const ZipRecord& record) {
  if (record.compressed)
    file.fail(fmt::format("its record '{}' is compressed; PyTorch stores records as they are", name));
  return file.read(record.offset, record.bytes);
}

void require_crc(const InputFile& file, const std::string& record, uint32_t expected, uint32_t found) {
  if (expected == 0 || expected == found) return;
  file.fail(
      fmt::format("its record '{}' is damaged: its CRC is {:08x} where {:08x} was written", record, found, expected));
}

}  // namespace camsweep
