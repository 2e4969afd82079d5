#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/error.h"
#include "workers/checkpoints/little_endian.h"

namespace camsweep {

// The bytes of a pickle, taken one instruction or argument after another. Throws ConfigError beginning with the file's
// name at their end.
class PickleInput {
 public:
  PickleInput(std::string_view bytes, const std::string& file_name) : bytes_(bytes), file_name_(file_name) {}

  std::string_view take(uint64_t count) {
    if (count > bytes_.size() - offset_) fail("its pickle ends in the middle, so the file is cut off or damaged");
    offset_ += count;
    return bytes_.substr(offset_ - count, count);
  }

  uint8_t byte() { return static_cast<uint8_t>(take(1)[0]); }

  // Of 1 to 8 bytes.
  uint64_t little_endian(int count) { return camsweep::little_endian(take(static_cast<uint64_t>(count))); }

  uint64_t big_endian(int count) {
    uint64_t number = 0;
    for (const char byte : take(static_cast<uint64_t>(count))) number = number << 8 | static_cast<uint8_t>(byte);
    return number;
  }

  // Up to the next line feed, without it.
  std::string_view line() {
    const size_t end = bytes_.find('\n', offset_);
    if (end == std::string_view::npos) take(bytes_.size() - offset_ + 1);
    const std::string_view text = take(end - offset_);
    take(1);
    return text;
  }

  size_t offset() const { return offset_; }

  [[noreturn]] void fail(const std::string& what) const { throw ConfigError(fmt::format("{}: {}", file_name_, what)); }

 private:
  std::string_view bytes_;
  const std::string& file_name_;
  size_t offset_ = 0;
};

}  // namespace camsweep
