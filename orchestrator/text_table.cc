#include "orchestrator/text_table.h"

#include <algorithm>
#include <string_view>

#include "schemas/error.h"

namespace camsweep {
namespace {

// Characters of UTF-8: bytes that do not continue one.
size_t width(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool is_numeric(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789+-.eE") == std::string_view::npos &&
         text.find_first_of("0123456789") != std::string_view::npos;
}

}  // namespace

std::string TextTable::text() const {
  std::vector<size_t> widths;
  std::vector<bool> right;
  for (size_t column = 0; column < header_.size(); ++column) {
    widths.push_back(width(header_[column]));
    bool numbers = false;
    bool words = false;
    for (const std::vector<std::string>& row : rows_) {
      CAMSWEEP_CHECK(row.size() == header_.size(), "a row has as many cells as the header");
      widths[column] = std::max(widths[column], width(row[column]));
      numbers = numbers || is_numeric(row[column]);
      words = words || (!row[column].empty() && !is_numeric(row[column]));
    }
    right.push_back(numbers && !words);
  }
  std::string text;
  const auto append_line = [&](const std::vector<std::string>& cells) {
    for (size_t column = 0; column < cells.size(); ++column) {
      const std::string padding(widths[column] - width(cells[column]), ' ');
      text += right[column] ? padding + cells[column] : cells[column] + padding;
      text += "  ";
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  };
  append_line(header_);
  for (const std::vector<std::string>& row : rows_) append_line(row);
  return text;
}

}  // namespace camsweep
