#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>

#include "schemas/diagnostics.h"
#include "schemas/json.h"

namespace camsweep {

// A YAML file as JSON that still knows where everything stood. Values are addressed by JSON pointer
// ("/matrix/lr/0").
class YamlDocument {
 public:
  Json root;

  // Of a value, or of the nearest enclosing one that has a place of its own (what an alias brings has none).
  SourcePlace place(const std::string& pointer) const;
  // Of the key, where the pointer ends in one.
  SourcePlace key_place(const std::string& pointer) const;

  void set_file(std::string file) { file_ = std::move(file); }
  void set_place(const std::string& pointer, int line, int column) { values_[pointer] = {line, column}; }
  void set_key_place(const std::string& pointer, int line, int column) { keys_[pointer] = {line, column}; }

 private:
  struct Position {
    int line = 0;
    int column = 0;
  };
  using Positions = std::unordered_map<std::string, Position>;
  SourcePlace nearest_place(const Positions& positions, std::string pointer) const;

  std::string file_;
  Positions values_;
  Positions keys_;
};

// "/matrix/lr/0" as people write it: "matrix.lr[0]".
std::string readable_path(const std::string& pointer);

// `key` as a step of a JSON pointer (RFC 6901).
std::string pointer_step(std::string_view key);

// Limits of a sweep file: against bombs, not against work.
inline constexpr size_t kMaxYamlBytes = 1 << 20;
inline constexpr size_t kMaxYamlNodes = 100'000;  // after aliases are expanded
inline constexpr size_t kMaxYamlDepth = 64;

// Reads one document: scalars by read_plain_scalar(), merge keys (`<<`) applied, `${env:NAME}` in strings
// replaced by the variable. Throws ConfigError listing duplicate keys, unset variables and scalars that are
// refused, or naming the first thing that ends the reading: bad syntax, a tab as indentation, no UTF-8, an
// unknown tag, an alias of itself, a second document, a limit above.
YamlDocument parse_yaml(std::string_view text, const std::string& file);

}  // namespace camsweep
