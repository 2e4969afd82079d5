#pragma once

#include <string>
#include <vector>

namespace camsweep {

// A table for a terminal: columns as wide as their widest cell (in characters), numbers right-aligned.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> header) : header_(std::move(header)) {}

  // A row of as many cells as the header has.
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }

  // Lines without trailing blanks, each ended by a newline.
  std::string text() const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace camsweep
