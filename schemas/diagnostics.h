#pragma once

#include <string>
#include <vector>

namespace camsweep {

// Where something stands in a file, for messages. Lines and columns count from 1; line 0 means the file as a
// whole.
struct SourcePlace {
  std::string file;
  int line = 0;
  int column = 0;
  std::string text() const;  // "file:line:col", or "file"
};

// Collects what is wrong with one file, so that its author sees it all at once.
class Diagnostics {
 public:
  // `path` is the place inside the document ("matrix.backbone[0]", may be empty); `sentence` says what was
  // found and what is expected.
  void add(const SourcePlace& place, const std::string& path, const std::string& sentence);
  bool empty() const { return entries_.empty(); }

  // Throws one ConfigError with at most 20 lines `file:line:col: path: sentence`, in the order of the file.
  void throw_if_any() const;

 private:
  struct Entry {
    SourcePlace place;
    std::string text;
  };
  std::vector<Entry> entries_;
};

}  // namespace camsweep
