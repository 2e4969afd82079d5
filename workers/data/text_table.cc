#include "workers/data/text_table.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "schemas/error.h"

namespace camsweep {
namespace {

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> fields;
  size_t start = 0;
  while (true) {
    const size_t end = line.find(separator, start);
    fields.push_back(line.substr(start, end - start));
    if (end == std::string::npos) return fields;
    start = end + 1;
  }
}

}  // namespace

void TextLine::fail(const std::string& what) const {
  throw ConfigError(fmt::format("{}:{}: {}", file.string(), number, what));
}

int TextLine::integer(size_t field) const {
  const std::string& text = fields.at(field);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) fail(fmt::format("'{}' is no whole number", text));
  return value;
}

double TextLine::real(size_t field) const {
  const std::string& text = fields.at(field);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(value)) fail(fmt::format("'{}' is no number", text));
  return value;
}

void TextLine::require_fields(size_t count) const {
  if (fields.size() != count) fail(fmt::format("{} fields; expected {}", fields.size(), count));
}

void for_each_line(const std::filesystem::path& file, char separator, const std::function<void(const TextLine&)>& use) {
  std::ifstream in(file);
  if (!in) throw ConfigError(fmt::format("the data set lacks the file {}", file.string()));
  std::string text;
  for (int number = 1; std::getline(in, text); ++number) {
    if (!text.empty() && text.back() == '\r') text.pop_back();
    if (!text.empty()) use({.file = file, .number = number, .fields = split(text, separator)});
  }
}

}  // namespace camsweep
