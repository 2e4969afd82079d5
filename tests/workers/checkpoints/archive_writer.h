#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "workers/checkpoints/containers.h"
#include "workers/checkpoints/zip_archive.h"

// Writes archives and pickles byte by byte, right ones and wrong ones.
namespace camsweep {

inline std::string little(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text.push_back(i < 8 ? static_cast<char>(value >> (8 * i) & 0xff) : '\0');
  return text;
}

struct WrittenRecord {
  std::string name;
  std::string bytes;
  uint16_t method = 0;
  int64_t declared = -1;  // size in the directory, -1: the true one
  int64_t header = -1;    // place in the directory, -1: the true one
  bool bad_crc = false;
  bool no_crc = false;
};

// A stored zip archive, with a CRC of every record.
inline std::string zip_of(const std::vector<WrittenRecord>& records, uint16_t promised = 0) {
  std::string file, directory;
  for (const WrittenRecord& record : records) {
    const uint64_t header = record.header < 0 ? file.size() : static_cast<uint64_t>(record.header);
    const uint64_t size = record.declared < 0 ? record.bytes.size() : static_cast<uint64_t>(record.declared);
    const uint32_t right = record.no_crc ? 0 : crc32(0, record.bytes.data(), record.bytes.size());
    const uint32_t crc = right ^ (record.bad_crc ? 1U : 0U);
    const std::string common = little(20, 2) + little(0, 2) + little(record.method, 2) + little(0, 4) + little(crc, 4) +
                               little(size, 4) + little(size, 4) + little(record.name.size(), 2) + little(0, 2);
    file += little(0x04034b50, 4) + common + record.name + record.bytes;
    directory +=
        little(0x02014b50, 4) + little(20, 2) + common + little(0, 2 + 2 + 2 + 4) + little(header, 4) + record.name;
  }
  const uint64_t count = promised != 0 ? promised : records.size();
  return file + directory + little(0x06054b50, 4) + little(0, 4) + little(count, 2) + little(count, 2) +
         little(directory.size(), 4) + little(file.size(), 4) + little(0, 2);
}

// Instructions of a pickle.
namespace pickle {

inline std::string text(std::string_view value) {
  return std::string("X") + little(value.size(), 4) + std::string(value);
}
inline std::string integer(int64_t value) { return std::string("\x8a\x08") + little(static_cast<uint64_t>(value), 8); }
inline std::string global(std::string_view module, std::string_view name) {
  return std::string("c").append(module).append("\n").append(name).append("\n");
}
inline std::string tuple(const std::vector<std::string>& items) {
  std::string all = "(";
  for (const std::string& item : items) all += item;
  return all + "t";
}
inline std::string integers(const std::vector<int64_t>& values) {
  std::vector<std::string> items;
  for (const int64_t value : values) items.push_back(integer(value));
  return tuple(items);
}
inline std::string call(const std::string& callee, const std::string& arguments) { return callee + arguments + "R"; }
inline std::string storage(const std::string& key, int64_t elements, std::string_view type = "FloatStorage") {
  return tuple({text("storage"), global("torch", type), text(key), text("cpu"), integer(elements)}) + "Q";
}
inline std::string tensor(const std::string& storage, int64_t offset, const std::vector<int64_t>& shape,
                          const std::vector<int64_t>& strides) {
  return call(global("torch._utils", "_rebuild_tensor_v2"),
              tuple({storage, integer(offset), integers(shape), integers(strides), "\x89", "}"}));
}
// A whole pickle: a dict of one entry.
inline std::string dict_of(const std::string& key, const std::string& value) {
  return "\x80\x02}" + text(key) + value + "s.";
}

}  // namespace pickle

// A `.pth` file of one tensor "w" described by `value`, whose storage "0" has `bytes`.
inline std::string pth_of(const std::string& pickle, const std::string& bytes) {
  return zip_of({{.name = "archive/data.pkl", .bytes = pickle}, {.name = "archive/data/0", .bytes = bytes}});
}

// A file of PyTorch before 1.6: `object` and the list `keys` are instructions, `storages` what follows them.
inline std::string legacy_of(const std::string& object, const std::string& keys, const std::string& storages) {
  return std::string(kLegacyMagic) + "\x80\x02M\xe9\x03.\x80\x02}.\x80\x02" + object + ".\x80\x02" + keys + "." +
         storages;
}

}  // namespace camsweep
