#include "schemas/yaml_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "schemas/yaml_document.h"

namespace camsweep {
namespace {

SourcePlace place_of(std::string_view text, size_t offset, const std::string& file) {
  const std::string_view before = text.substr(0, offset);
  const size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return {file, static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
          static_cast<int>(offset - line_start) + 1};
}

// Bytes of the UTF-8 sequence at `offset`, or 0 if none is well-formed there (RFC 3629: no overlong form, no
// surrogate, nothing above U+10FFFF).
size_t sequence_length(std::string_view text, size_t offset) {
  const auto byte = [&](size_t i) -> uint32_t {
    return offset + i < text.size() ? static_cast<unsigned char>(text[offset + i]) : 0;
  };
  const uint32_t first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xC2 && first < 0xE0   ? 2
                        : (first & 0xF0) == 0xE0        ? 3
                        : first >= 0xF0 && first < 0xF5 ? 4
                                                        : 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const uint32_t second = byte(1);
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
  if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
  return length;
}

std::optional<size_t> first_bad_byte(std::string_view text) {
  for (size_t offset = 0; offset < text.size();) {
    const size_t length = sequence_length(text, offset);
    if (length == 0 || text[offset] == '\0') return offset;
    offset += length;
  }
  return std::nullopt;
}

std::optional<size_t> first_tab_in_indentation(std::string_view text) {
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = text.substr(start, end - start);
    const size_t content = line.find_first_not_of(" \t\r");
    const size_t tab = line.find('\t');
    if (tab != std::string_view::npos && tab < content) return start + tab;
    start = end + 1;
  }
  return std::nullopt;
}

}  // namespace

void check_yaml_text(std::string_view text, const std::string& file, Diagnostics& problems) {
  if (text.size() > kMaxYamlBytes) {
    problems.add({file, 0, 0}, "", fmt::format("found {} bytes, allowed are {}", text.size(), kMaxYamlBytes));
  } else if (const auto bad = first_bad_byte(text)) {
    const bool nul = text[*bad] == '\0';
    problems.add(place_of(text, *bad, file), "", nul ? "found a NUL byte: this is no text" : "this is not UTF-8");
  } else if (const auto tab = first_tab_in_indentation(text)) {
    problems.add(place_of(text, *tab, file), "", "found a tab in the indentation; YAML is indented with spaces");
  }
}

}  // namespace camsweep
