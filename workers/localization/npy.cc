#include "workers/localization/npy.h"

#include <c10/util/Half.h>
#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <regex>
#include <string_view>

#include "schemas/error.h"
#include "schemas/files.h"

namespace camsweep {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr size_t kMaxSide = 1 << 15;
constexpr size_t kLongestHeader = 10'000;  // as NumPy reads

struct Header {
  std::string descr;
  size_t height = 0;
  size_t width = 0;
  size_t data = 0;  // offset of the values
};

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& found) {
  throw ConfigError(
      fmt::format("{}: {}; a score map is a 2-D .npy of little-endian float16, float32 or float64 in C order",
                  file.string(), found));
}

// A map that cannot be read is wrong input, not a fault of this machine.
std::string read_bytes(const std::filesystem::path& file) {
  try {
    return read_file(file);
  } catch (const Error& error) {
    throw ConfigError(error.what());
  }
}

std::string first_match(const std::string& text, const char* pattern) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? match[1].str() : "";
}

Header read_header(const std::filesystem::path& file, std::string_view bytes) {
  if (bytes.size() < 12 || bytes.substr(0, 6) != kMagic) refuse(file, "not a .npy file");
  const int version = static_cast<uint8_t>(bytes[6]);
  if (version != 1 && version != 2) refuse(file, fmt::format("format version {}", version));
  const size_t length_bytes = version == 1 ? 2 : 4;
  size_t length = 0;
  for (size_t i = 0; i < length_bytes; ++i) length |= size_t{static_cast<uint8_t>(bytes[8 + i])} << (8 * i);
  const size_t start = 8 + length_bytes;
  if (length > kLongestHeader) refuse(file, fmt::format("a header of {} bytes", length));
  if (length > bytes.size() - start) refuse(file, "the header is cut off");
  const std::string text(bytes.substr(start, length));
  Header header;
  header.data = start + length;
  header.descr = first_match(text, R"('descr'\s*:\s*'([^']*)')");
  if (first_match(text, R"('fortran_order'\s*:\s*(\w+))") != "False") refuse(file, "an array in Fortran order");
  const std::string shape = first_match(text, R"('shape'\s*:\s*\(([^)]*)\))");
  std::smatch sides;
  if (!std::regex_match(shape, sides, std::regex(R"(\s*(\d{1,6})\s*,\s*(\d{1,6})\s*,?\s*)"))) {
    refuse(file, fmt::format("shape ({})", shape));
  }
  header.height = std::stoul(sides[1]);
  header.width = std::stoul(sides[2]);
  if (header.height == 0 || header.width == 0 || header.height > kMaxSide || header.width > kMaxSide) {
    refuse(file, fmt::format("shape ({})", shape));
  }
  return header;
}

template <typename Value>
void read_values(const char* bytes, std::vector<double>& values) {
  for (double& value : values) {
    Value stored;
    std::memcpy(&stored, bytes, sizeof stored);
    bytes += sizeof stored;
    value = static_cast<double>(stored);
  }
}

void write_array(const std::filesystem::path& file, std::string_view descr, int height, int width,
                 std::string_view values) {
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}, {}), }}", descr, height, width);
  constexpr size_t kAlignment = 64;
  const size_t before = kMagic.size() + 4;
  header.append(kAlignment - (before + header.size() + 1) % kAlignment, ' ');
  header += '\n';
  std::string bytes(kMagic);
  bytes += '\x01';
  bytes += '\x00';
  bytes += static_cast<char>(header.size() & 0xff);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  bytes += values;
  make_directories(file.parent_path());
  write_file(file, bytes);
}

}  // namespace

ScoreMap read_npy(const std::filesystem::path& file) {
  const std::string bytes = read_bytes(file);
  const Header header = read_header(file, bytes);
  size_t value_size = 0;
  if (header.descr == "<f2") value_size = 2;
  if (header.descr == "<f4") value_size = 4;
  if (header.descr == "<f8") value_size = 8;
  if (value_size == 0) refuse(file, fmt::format("type '{}'", header.descr));
  const size_t due = header.height * header.width * value_size;
  if (bytes.size() - header.data != due) {
    refuse(file, fmt::format("{} bytes of values where {} are due", bytes.size() - header.data, due));
  }
  ScoreMap map{static_cast<int>(header.height), static_cast<int>(header.width), {}};
  map.values.resize(header.height * header.width);
  const char* values = bytes.data() + header.data;
  if (value_size == 2) read_values<c10::Half>(values, map.values);
  if (value_size == 4) read_values<float>(values, map.values);
  if (value_size == 8) read_values<double>(values, map.values);
  return map;
}

void write_npy(const std::filesystem::path& file, const ScoreMap& map) {
  write_array(file, "<f8", map.height, map.width,
              {reinterpret_cast<const char*>(map.values.data()), map.values.size() * sizeof(double)});
}

void write_npy(const std::filesystem::path& file, std::span<const float> values, int height, int width) {
  write_array(file, "<f4", height, width, {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

}  // namespace camsweep
