#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "workers/checkpoints/input_file.h"

namespace camsweep {

// One file of an archive: where its bytes lie.
struct ZipRecord {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint32_t crc = 0;         // 0: none was written
  bool compressed = false;  // PyTorch stores pickles and tensors as they are; nothing is ever unpacked here
};

// The records of a zip archive by name. Every size, place and name was checked: records lie in the file, do not
// overlap, and agree with the header before them.
using ZipDirectory = std::map<std::string, ZipRecord>;

// At most 100,000 records. Throws ConfigError beginning with the file's name.
ZipDirectory read_zip_directory(const InputFile& file);

// The CRC-32 of more bytes after those of `before` (0 at the start).
uint32_t crc32(uint32_t before, const void* data, uint64_t bytes);

// The bytes of a record. Throws ConfigError if it is compressed.
std::string read_record(const InputFile& file, const std::string& name, const ZipRecord& record);

// Throws ConfigError if the record carries a CRC that is not `found`.
void require_crc(const InputFile& file, const std::string& record, uint32_t expected, uint32_t found);

}  // namespace camsweep
