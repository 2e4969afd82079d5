#include "workers/checkpoints/safetensors_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "schemas/error.h"
#include "schemas/json.h"

namespace camsweep {
namespace {

constexpr int kMaxDimensions = 64;
constexpr size_t kMaxValues = 400'000;  // with these, memory stays below 64 MB beside the header itself
constexpr size_t kMaxTextBytes = 16'000'000;

struct Dtype {
  std::string_view name;
  c10::ScalarType type;
  uint64_t bytes;
};

constexpr std::array<Dtype, 10> kDtypes = {{{"F64", c10::ScalarType::Double, 8},
                                            {"F32", c10::ScalarType::Float, 4},
                                            {"F16", c10::ScalarType::Half, 2},
                                            {"BF16", c10::ScalarType::BFloat16, 2},
                                            {"I64", c10::ScalarType::Long, 8},
                                            {"I32", c10::ScalarType::Int, 4},
                                            {"I16", c10::ScalarType::Short, 2},
                                            {"I8", c10::ScalarType::Char, 1},
                                            {"U8", c10::ScalarType::Byte, 1},
                                            {"BOOL", c10::ScalarType::Bool, 1}}};

const Dtype& dtype_of(c10::ScalarType type) {
  const auto found = std::find_if(kDtypes.begin(), kDtypes.end(), [&](const Dtype& d) { return d.type == type; });
  if (found == kDtypes.end()) {
    throw ConfigError(fmt::format("safetensors cannot hold tensors of type {}", c10::toString(type)));
  }
  return *found;
}

// What must hold before values are made of a header: its depth is 3 by format (object, entry, list), a name stands
// there once only, and it has no more values than fit the memory. The JSON library itself recurses when it frees what
// is deeper and keeps the last duplicate; its parser with a callback takes time quadratic in the number of tensors.
class HeaderCheck : public nlohmann::json_sax<Json> {
 public:
  const std::string& wrong() const { return wrong_; }

  bool null() override { return count(0); }
  bool boolean(bool) override { return count(0); }
  bool number_integer(int64_t) override { return count(0); }
  bool number_unsigned(uint64_t) override { return count(0); }
  bool number_float(double, const std::string&) override { return count(0); }
  bool string(std::string& text) override { return count(text.size()); }
  bool binary(binary_t&) override { return count(0); }
  bool start_object(size_t) override {
    names_.emplace_back();
    return open();
  }
  bool end_object() override {
    names_.pop_back();
    return close();
  }
  bool start_array(size_t) override { return open(); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    if (!names_.back().insert(name).second) return refuse(fmt::format("its header names '{}' twice", name));
    return count(name.size());
  }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
    return refuse("its header is no valid JSON, so it is no safetensors file or a damaged one");
  }

 private:
  static constexpr int kDepth = 3;

  bool open() { return ++depth_ <= kDepth ? count(0) : refuse("its header is nested too deeply"); }
  bool close() {
    --depth_;
    return true;
  }
  bool count(size_t text_bytes) {
    text_bytes_ += text_bytes;
    return ++values_ <= kMaxValues && text_bytes_ <= kMaxTextBytes ? true
                                                                   : refuse("its header is larger than any network's");
  }
  bool refuse(std::string wrong) {
    wrong_ = std::move(wrong);
    return false;
  }

  std::string wrong_;
  std::vector<std::set<std::string>> names_;
  int depth_ = 0;
  size_t values_ = 0;
  size_t text_bytes_ = 0;
};

// Checks one file's header; every message begins with the file and, where there is one, the tensor.
class HeaderParser {
 public:
  explicit HeaderParser(const std::string& file_name) : file_name_(file_name) {}

  Json parse(std::string_view text) const {
    HeaderCheck check;
    if (!Json::sax_parse(text, &check)) fail(check.wrong());
    return Json::parse(text);
  }

  TensorRegion region(const std::string& name, const Json& entry) const {
    if (!entry.is_object() || !entry.contains("dtype") || !entry.contains("shape") || !entry.contains("data_offsets") ||
        !entry.at("dtype").is_string()) {
      fail(name, "needs dtype, shape and data_offsets");
    }
    const std::string dtype_name = entry.at("dtype").get<std::string>();
    const auto dtype =
        std::find_if(kDtypes.begin(), kDtypes.end(), [&](const Dtype& d) { return d.name == dtype_name; });
    if (dtype == kDtypes.end()) fail(name, "has the type " + dtype_name + ", which is not supported");
    const std::vector<uint64_t> offsets = naturals(name, entry.at("data_offsets"));
    if (offsets.size() != 2 || offsets[0] > offsets[1]) fail(name, "has offsets that are no range");

    TensorRegion region{.name = name, .dtype = dtype->type, .shape = {}, .begin = offsets[0], .end = offsets[1]};
    uint64_t bytes = dtype->bytes;
    int64_t sizes = 1;  // their product but for zeros, behind which an overflow would hide
    for (const uint64_t size : naturals(name, entry.at("shape"))) {
      if (size > std::numeric_limits<int64_t>::max() || __builtin_mul_overflow(bytes, size, &bytes) ||
          __builtin_mul_overflow(sizes, std::max<uint64_t>(size, 1), &sizes)) {
        fail(name, "has a shape too large to exist");
      }
      region.shape.push_back(static_cast<int64_t>(size));
    }
    if (bytes != region.bytes()) {
      fail(name, fmt::format("takes {} bytes by its shape and {} by its offsets", bytes, region.bytes()));
    }
    return region;
  }

  // Throws unless the regions, in order, fill the data.
  void check_layout(const std::vector<TensorRegion>& regions, uint64_t data_bytes) const {
    uint64_t end = 0;
    for (const TensorRegion& region : regions) {
      if (region.begin != end) fail(region.name, "overlaps another or leaves a gap before it");
      end = region.end;
    }
    if (end != data_bytes) {
      fail(fmt::format("holds {} bytes of data where its header promises {}, so it is cut off or damaged", data_bytes,
                       end));
    }
  }

  std::map<std::string, std::string> metadata(const Json& entry) const {
    if (!entry.is_object()) fail("its __metadata__ is no map");
    std::map<std::string, std::string> metadata;
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) fail(fmt::format("its __metadata__ '{}' is no string", key));
      metadata[key] = value.get<std::string>();
    }
    return metadata;
  }

  [[noreturn]] void fail(const std::string& what) const { throw ConfigError(fmt::format("{}: {}", file_name_, what)); }

 private:
  [[noreturn]] void fail(const std::string& tensor, const std::string& what) const {
    throw ConfigError(fmt::format("{}: tensor '{}' {}", file_name_, tensor, what));
  }

  std::vector<uint64_t> naturals(const std::string& tensor, const Json& list) const {
    if (!list.is_array() || list.size() > kMaxDimensions) fail(tensor, "has a shape or offsets that are no list");
    std::vector<uint64_t> numbers;
    for (const Json& number : list) {
      if (!number.is_number_unsigned()) fail(tensor, "has a shape or offsets that are no whole numbers");
      numbers.push_back(number.get<uint64_t>());
    }
    return numbers;
  }

  const std::string& file_name_;
};

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view json, uint64_t data_bytes, const std::string& file_name) {
  const HeaderParser parser(file_name);
  const Json root = parser.parse(json);
  if (!root.is_object()) parser.fail("its header is no map, so it is no safetensors file");
  SafetensorsHeader header;
  for (const auto& [name, entry] : root.items()) {
    if (name == "__metadata__") {
      header.metadata = parser.metadata(entry);
    } else {
      header.regions.push_back(parser.region(name, entry));
    }
  }
  // An empty tensor begins where its neighbour does: it comes first.
  std::sort(header.regions.begin(), header.regions.end(), [](const TensorRegion& a, const TensorRegion& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  parser.check_layout(header.regions, data_bytes);
  return header;
}

std::string format_safetensors_header(const SafetensorsHeader& header) {
  Json root = Json::object();
  if (!header.metadata.empty()) root["__metadata__"] = header.metadata;
  for (const TensorRegion& region : header.regions) {
    root[region.name] = {
        {"dtype", dtype_of(region.dtype).name}, {"shape", region.shape}, {"data_offsets", {region.begin, region.end}}};
  }
  std::string text = root.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

uint64_t safetensors_element_bytes(c10::ScalarType dtype) { return dtype_of(dtype).bytes; }

}  // namespace camsweep
