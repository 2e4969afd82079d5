#include "schemas/backbone_catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "schemas/error.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

constexpr int kMaxDepth = 1000;
constexpr int kMaxWidth = 16384;
constexpr int kMaxKernel = 255;

// A family and what its variants take when a `backbones:` block does not say it. Its fields are these, depths
// and widths.
struct Family {
  std::string name;
  std::vector<std::string> blocks;  // values of `block`; empty: the family reads none
  Json defaults;
};

const std::vector<Family>& families() {
  static const std::vector<Family> list = {
      {"resnet", {"basic", "bottleneck"}, {{"block", "basic"}}},
      {"convnext", {"linear", "conv"}, {{"kernels", {7, 7, 7, 7}}, {"ffn_ratio", 4.0}, {"block", "linear"}}},
      {"replknet", {}, {{"kernels", {31, 29, 27, 13}}, {"small_kernel", 5}, {"dw_ratio", 1.0}, {"ffn_ratio", 4.0}}},
  };
  return list;
}

const Family& find_family(const std::string& name, const std::string& place) {
  std::vector<std::string> known;
  for (const Family& family : families()) {
    if (family.name == name) return family;
    known.push_back(family.name);
  }
  throw ConfigError(
      fmt::format("{}: unknown family '{}'{} (known: {})", place, name, did_you_mean(name, known), join(known)));
}

std::vector<std::string> fields_of(const Family& family) {
  std::vector<std::string> fields = {"name", "family", "depths", "widths"};
  for (const auto& [field, value] : family.defaults.items()) fields.push_back(field);
  return fields;
}

// Reads typed fields of one variant; every message names the backbone and the field.
class FieldReader {
 public:
  FieldReader(const Json& json, std::string place) : json_(json), place_(std::move(place)) {}

  std::string text(const char* field) const {
    const Json& value = at(field);
    if (!value.is_string()) fail(field, "a string", value);
    return value.get<std::string>();
  }

  int integer(const char* field, int low, int high) const { return integer(field, at(field), low, high); }

  double positive(const char* field) const {
    const Json& value = at(field);
    if (!value.is_number() || !(value.get<double>() > 0) || value.get<double>() > 100) {
      fail(field, "a number above 0 and at most 100", value);
    }
    return value.get<double>();
  }

  std::vector<int> four(const char* field, int high) const {
    const Json& value = at(field);
    if (!value.is_array() || value.size() != 4) fail(field, "a list of 4 integers, one per stage", value);
    std::vector<int> numbers;
    for (const Json& number : value) numbers.push_back(integer(field, number, 1, high));
    return numbers;
  }

  [[noreturn]] void fail(const std::string& field, const std::string& expected, const Json& found) const {
    throw ConfigError(fmt::format("{}: {} must be {}, found {}", place_, field, expected, found.dump()));
  }

 private:
  const Json& at(const char* field) const {
    const auto found = json_.find(field);
    if (found == json_.end()) throw ConfigError(fmt::format("{}: the field {} is missing", place_, field));
    return *found;
  }

  int integer(const char* field, const Json& value, int low, int high) const {
    const std::string expected = fmt::format("integers from {} to {}", low, high);
    if (!value.is_number_integer()) fail(field, expected, value);
    const bool huge =
        value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int>::max());
    if (huge || value.get<int64_t>() < low || value.get<int64_t>() > high) fail(field, expected, value);
    return value.get<int>();
  }

  const Json& json_;
  std::string place_;
};

std::string place_of(const Json& json) {
  const auto name = json.find("name");
  return name != json.end() && name->is_string() ? fmt::format("backbone '{}'", name->get<std::string>()) : "backbone";
}

void read_kernels(BackboneVariant& variant, const FieldReader& reader, const Json& json) {
  variant.kernels = reader.four("kernels", kMaxKernel);
  const bool odd = std::all_of(variant.kernels.begin(), variant.kernels.end(), [](int k) { return k % 2 == 1; });
  if (!odd) reader.fail("kernels", "odd", json.at("kernels"));
}

BackboneVariant resnet(const char* name, const char* block, std::vector<int> depths) {
  return {.name = name,
          .family = "resnet",
          .depths = std::move(depths),
          .widths = {64, 128, 256, 512},
          .kernels = {},
          .block = block};
}

BackboneVariant convnext(const char* name, const char* block, std::vector<int> depths, std::vector<int> widths) {
  return {.name = name,
          .family = "convnext",
          .depths = std::move(depths),
          .widths = std::move(widths),
          .kernels = {7, 7, 7, 7},
          .block = block};
}

std::vector<BackboneVariant> make_catalog() {
  const std::vector<int> large = {31, 29, 27, 13};
  return {
      // He et al., CVPR 2016, as torchvision builds them (stride in the 3x3 convolution).
      resnet("resnet18", "basic", {2, 2, 2, 2}),
      resnet("resnet34", "basic", {3, 4, 6, 3}),
      resnet("resnet50", "bottleneck", {3, 4, 6, 3}),
      resnet("resnet101", "bottleneck", {3, 4, 23, 3}),
      resnet("resnet152", "bottleneck", {3, 8, 36, 3}),
      // The small variants of timm.
      convnext("convnext_atto", "conv", {2, 2, 6, 2}, {40, 80, 160, 320}),
      convnext("convnext_femto", "conv", {2, 2, 6, 2}, {48, 96, 192, 384}),
      convnext("convnext_pico", "conv", {2, 2, 6, 2}, {64, 128, 256, 512}),
      convnext("convnext_nano", "conv", {2, 2, 8, 2}, {80, 160, 320, 640}),
      // Liu et al., CVPR 2022.
      convnext("convnext_tiny", "linear", {3, 3, 9, 3}, {96, 192, 384, 768}),
      convnext("convnext_small", "linear", {3, 3, 27, 3}, {96, 192, 384, 768}),
      convnext("convnext_base", "linear", {3, 3, 27, 3}, {128, 256, 512, 1024}),
      convnext("convnext_large", "linear", {3, 3, 27, 3}, {192, 384, 768, 1536}),
      convnext("convnext_xlarge", "linear", {3, 3, 27, 3}, {256, 512, 1024, 2048}),
      // Ding et al., CVPR 2022.
      {.name = "replknet_31b",
       .family = "replknet",
       .depths = {2, 2, 18, 2},
       .widths = {128, 256, 512, 1024},
       .kernels = large,
       .small_kernel = 5,
       .block = ""},
      {.name = "replknet_31l",
       .family = "replknet",
       .depths = {2, 2, 18, 2},
       .widths = {192, 384, 768, 1536},
       .kernels = large,
       .small_kernel = 5,
       .block = ""},
      {.name = "replknet_xl",
       .family = "replknet",
       .depths = {2, 2, 18, 2},
       .widths = {256, 512, 1024, 2048},
       .kernels = {27, 27, 27, 13},
       .dw_ratio = 1.5,
       .block = ""},
      // Ours, for CPUs: 0.3 M parameters before the classifier, and kernels of at most 13, the widest that
      // oneDNN
      // computes quickly on a CPU. At 96 px they still span half of the first map and all of the others.
      {.name = "replknet_nano",
       .family = "replknet",
       .depths = {1, 1, 2, 1},
       .widths = {16, 32, 64, 128},
       .kernels = {13, 13, 11, 7},
       .small_kernel = 5,
       .block = ""},
  };
}

const BackboneVariant* in_catalog(std::string_view name) {
  for (const BackboneVariant& variant : backbone_catalog()) {
    if (variant.name == name) return &variant;
  }
  return nullptr;
}

// A block of the sweep file, completed by the variant it is based on or by its family's defaults.
BackboneVariant custom_backbone(const std::string& name, const Json& block) {
  const std::string place = fmt::format("backbone '{}'", name);
  if (!block.is_object()) throw ConfigError(place + ": expected a map such as {base: convnext_atto, widths: [..]}");
  const bool has_base = block.contains("base");
  const char* origin = has_base ? "base" : "family";
  if (has_base == block.contains("family") || !block.at(origin).is_string()) {
    throw ConfigError(place + ": needs either `family` or `base`, a name");
  }
  Json complete = has_base ? to_json(find_backbone(block.at("base").get<std::string>()))
                           : find_family(block.at("family").get<std::string>(), place).defaults;
  for (const auto& [field, value] : block.items()) {
    if (field != "base") complete[field] = value;
  }
  complete["name"] = name;
  return variant_from_json(complete);
}

}  // namespace

Json to_json(const BackboneVariant& variant) {
  const Json all = {
      {"name", variant.name},         {"family", variant.family},       {"depths", variant.depths},
      {"widths", variant.widths},     {"kernels", variant.kernels},     {"small_kernel", variant.small_kernel},
      {"dw_ratio", variant.dw_ratio}, {"ffn_ratio", variant.ffn_ratio}, {"block", variant.block}};
  Json json = Json::object();
  for (const std::string& field : fields_of(find_family(variant.family, variant.name))) json[field] = all.at(field);
  return json;
}

BackboneVariant variant_from_json(const Json& json) {
  const std::string place = place_of(json);
  if (!json.is_object()) throw ConfigError(place + ": expected a map");
  const FieldReader reader(json, place);
  const Family& family = find_family(reader.text("family"), place);
  const std::vector<std::string> known = fields_of(family);
  for (const auto& [field, value] : json.items()) {
    if (std::find(known.begin(), known.end(), field) == known.end()) {
      throw ConfigError(fmt::format("{}: the family {} has no field '{}'{} (known: {})", place, family.name, field,
                                    did_you_mean(field, known), join(known)));
    }
  }

  BackboneVariant variant{.name = reader.text("name"),
                          .family = family.name,
                          .depths = reader.four("depths", kMaxDepth),
                          .widths = reader.four("widths", kMaxWidth),
                          .kernels = {},
                          .block = ""};
  if (family.defaults.contains("kernels")) read_kernels(variant, reader, json);
  if (family.defaults.contains("ffn_ratio")) variant.ffn_ratio = reader.positive("ffn_ratio");
  if (family.defaults.contains("dw_ratio")) variant.dw_ratio = reader.positive("dw_ratio");
  if (family.defaults.contains("small_kernel")) {
    variant.small_kernel = reader.integer("small_kernel", 0, kMaxKernel);
    const int narrowest = *std::min_element(variant.kernels.begin(), variant.kernels.end());
    const bool fits = variant.small_kernel == 0 || (variant.small_kernel % 2 == 1 && variant.small_kernel <= narrowest);
    if (!fits) reader.fail("small_kernel", "0 (none) or odd and no wider than the kernels", json.at("small_kernel"));
  }
  if (!family.blocks.empty()) {
    variant.block = reader.text("block");
    const bool known_block =
        std::find(family.blocks.begin(), family.blocks.end(), variant.block) != family.blocks.end();
    if (!known_block) reader.fail("block", "one of " + join(family.blocks), variant.block);
  }
  return variant;
}

const std::vector<BackboneVariant>& backbone_catalog() {
  static const std::vector<BackboneVariant> catalog = make_catalog();
  return catalog;
}

BackboneVariant find_backbone(std::string_view name, const Json& custom) {
  const std::string key(name);
  const BackboneVariant* listed = in_catalog(name);
  if (custom.is_object() && custom.contains(key)) {
    if (listed) throw ConfigError(fmt::format("backbones: '{}' is a name of the catalog; choose another", key));
    return custom_backbone(key, custom.at(key));
  }
  if (listed) return *listed;

  std::vector<std::string> known;
  for (const BackboneVariant& variant : backbone_catalog()) known.push_back(variant.name);
  if (custom.is_object()) {
    for (const auto& [custom_name, block] : custom.items()) known.push_back(custom_name);
  }
  throw ConfigError(
      fmt::format("unknown backbone '{}'{} (`camsweep backbones` lists them)", key, did_you_mean(key, known)));
}

}  // namespace camsweep
