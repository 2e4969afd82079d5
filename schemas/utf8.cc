#include "schemas/utf8.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>

#include "schemas/error.h"

namespace camsweep {
namespace {

uint8_t byte_at(std::string_view text, size_t offset) {
  return offset < text.size() ? static_cast<uint8_t>(text[offset]) : 0;
}

// Bytes of the sequence at `offset`, 0 if none is well-formed there (RFC 3629: no overlong form, no surrogate, nothing
// above U+10FFFF).
size_t sequence_length(std::string_view text, size_t offset) {
  const uint8_t first = byte_at(text, offset);
  if (first < 0x80) return 1;
  const size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte_at(text, offset + i) & 0xC0) != 0x80) return 0;
  }
  const uint8_t second = byte_at(text, offset + 1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool beyond = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return overlong || beyond ? 0 : length;
}

template <class Replacement>
std::string replaced(std::string_view text, const Replacement& replacement) {
  std::string result;
  for (size_t offset = 0; offset < text.size();) {
    const size_t length = sequence_length(text, offset);
    result += length == 0 ? replacement(byte_at(text, offset)) : std::string(text.substr(offset, length));
    offset += length == 0 ? 1 : length;
  }
  return result;
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (size_t offset = 0; offset < text.size();) {
    const size_t length = sequence_length(text, offset);
    if (length == 0) return false;
    offset += length;
  }
  return true;
}

std::string escaped(std::string_view text) {
  return replaced(text, [](uint8_t byte) { return fmt::format("\\x{:02x}", byte); });
}

std::string valid_utf8(std::string_view text) {
  return replaced(text, [](uint8_t) { return std::string("\xEF\xBF\xBD"); });
}

void require_utf8(std::string_view what, const std::string& name) {
  if (is_utf8(name)) return;
  throw ConfigError(fmt::format("{} '{}': its name is not UTF-8; rename it", what, escaped(name)));
}

std::string printable_json(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace camsweep
