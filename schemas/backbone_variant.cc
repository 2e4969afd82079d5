#include "schemas/backbone_variant.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "schemas/error.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

constexpr int kMaxDepth = 1000;
constexpr int kMaxWidth = 16384;
constexpr int kMaxKernel = 255;

using Member = std::variant<std::vector<int> BackboneVariant::*, int BackboneVariant::*, double BackboneVariant::*,
                            std::string BackboneVariant::*>;

// What a family allows in one field. Lists have `length` integers from low to high, numbers lie in [low, high].
struct Field {
  std::string name;
  Member member;
  Json default_value = nullptr;  // null: a block must give it
  double low = 0;
  double high = 0;
  size_t length = 0;
  std::vector<std::string> choices = {};  // of strings
  std::vector<int> values = {};           // of integers, where a range would not do
  bool odd = false;
  bool later = false;  // written only where it differs from the default
};

struct Family {
  std::string name;
  std::vector<Field> fields;
};

Field depths(size_t stages) {
  return {.name = "depths", .member = &BackboneVariant::depths, .low = 1, .high = kMaxDepth, .length = stages};
}

Field widths(size_t stages) {
  return {.name = "widths", .member = &BackboneVariant::widths, .low = 1, .high = kMaxWidth, .length = stages};
}

Field kernels(const Json& usual) {
  return {.name = "kernels",
          .member = &BackboneVariant::kernels,
          .default_value = usual,
          .low = 1,
          .high = kMaxKernel,
          .length = 4,
          .odd = true};
}

Field number(const char* name, Member member, double usual, double low, double high) {
  return {.name = name, .member = member, .default_value = usual, .low = low, .high = high};
}

Field integer(const char* name, int BackboneVariant::*member, int usual, int low, int high) {
  return {.name = name, .member = member, .default_value = usual, .low = double(low), .high = double(high)};
}

Field one_of(const char* name, std::string BackboneVariant::*member, std::vector<std::string> choices) {
  return {.name = name, .member = member, .default_value = choices.front(), .choices = std::move(choices)};
}

Field stride(std::vector<int> values) {
  return {.name = "stride",
          .member = &BackboneVariant::stride,
          .default_value = values.front(),
          .values = std::move(values)};
}

Field later(Field field) {
  field.later = true;
  return field;
}

Field ratio(const char* name, double BackboneVariant::*member, double usual) {
  return number(name, member, usual, 0.01, 100);
}

Field ffn_ratio() { return ratio("ffn_ratio", &BackboneVariant::ffn_ratio, 4); }
Field tail() { return one_of("tail", &BackboneVariant::tail, {"full", "cam"}); }
Field dropout(double usual) { return number("dropout", &BackboneVariant::dropout, usual, 0, 0.95); }
Field auxiliary() { return integer("auxiliary", &BackboneVariant::auxiliary, 0, 0, 1); }

Field groups() { return {.name = "groups", .member = &BackboneVariant::groups, .default_value = 1, .values = {1, 2}}; }

std::vector<Family> make_families() {
  const Json sevens = {7, 7, 7, 7};
  const Json large = {31, 29, 27, 13};
  const auto block = [](std::vector<std::string> choices) {
    return one_of("block", &BackboneVariant::block, std::move(choices));
  };
  const auto norm = [](std::vector<std::string> choices) {
    return one_of("norm", &BackboneVariant::norm, std::move(choices));
  };
  const auto small_kernel = [](int usual, int low) {
    return integer("small_kernel", &BackboneVariant::small_kernel, usual, low, kMaxKernel);
  };
  const Field filters = {.name = "filters",
                         .member = &BackboneVariant::filters,
                         .default_value = {14, 7},
                         .low = 2,
                         .high = 1024,
                         .length = 2};
  return {
      {"resnet", {depths(4), widths(4), block({"basic", "bottleneck"}), later(stride({32, 16, 8}))}},
      {"densenet", {depths(4), widths(1), integer("growth", &BackboneVariant::growth, 32, 1, kMaxWidth)}},
      {"vgg", {depths(5), widths(5), norm({"none", "batch"}), tail(), stride({32, 16, 8}), groups(), dropout(0.5)}},
      {"alexnet", {tail(), dropout(0.5)}},
      {"googlenet", {tail(), groups(), dropout(0.2), auxiliary()}},
      {"inception", {tail(), stride({32, 16, 8}), dropout(0.5), auxiliary()}},
      {"convnext",
       {depths(4), widths(4), kernels(sevens), ffn_ratio(), block({"linear", "conv"}), later(norm({"pooled", "map"}))}},
      {"replknet",
       {depths(4), widths(4), kernels(large), small_kernel(5, 0), ratio("dw_ratio", &BackboneVariant::dw_ratio, 1),
        ffn_ratio()}},
      {"slak", {depths(4), widths(4), kernels({51, 49, 47, 13}), small_kernel(5, 1), ffn_ratio()}},
      {"hornet", {depths(4), widths(4), kernels(sevens), ffn_ratio(), block({"conv", "filter"}), filters}},
      {"signal_cnn", {widths(4), kernels({9, 9, 5, 5})}},
  };
}

const std::vector<Family>& families() {
  static const std::vector<Family> list = make_families();
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

// Reads the fields of one variant; every message names the backbone and the field.
class FieldReader {
 public:
  FieldReader(const Json& json, std::string place) : json_(json), place_(std::move(place)) {}

  std::string text(const std::string& field) const {
    const Json& value = at(field);
    if (!value.is_string()) fail(field, "a string", value);
    return value.get<std::string>();
  }

  void read(const Field& field, BackboneVariant& variant) const {
    if (field.later && !json_.contains(field.name)) {
      std::visit([&](auto member) { set(variant.*member, field, field.default_value); }, field.member);
    } else {
      std::visit([&](auto member) { set(variant.*member, field, at(field.name)); }, field.member);
    }
  }

  [[noreturn]] void fail(const std::string& field, const std::string& expected, const Json& found) const {
    throw ConfigError(fmt::format("{}: {} must be {}, found {}", place_, field, expected, found.dump()));
  }

 private:
  const Json& at(const std::string& field) const {
    const auto found = json_.find(field);
    if (found == json_.end()) throw ConfigError(fmt::format("{}: the field {} is missing", place_, field));
    return *found;
  }

  void set(std::vector<int>& list, const Field& field, const Json& value) const {
    const std::string expected = fmt::format("a list of {} integer{}", field.length, field.length == 1 ? "" : "s");
    if (!value.is_array() || value.size() != field.length) fail(field.name, expected, value);
    list.clear();
    for (const Json& item : value) set(list.emplace_back(), field, item);
  }

  void set(int& number, const Field& field, const Json& value) const {
    if (!field.values.empty()) {
      const bool allowed = value.is_number_integer() &&
                           std::ranges::any_of(field.values, [&](int allowed_value) { return value == allowed_value; });
      if (!allowed) fail(field.name, fmt::format("one of {}", fmt::join(field.values, ", ")), value);
    } else if (!value.is_number_integer() || value < field.low || value > field.high) {
      fail(field.name, fmt::format("integers from {} to {}", field.low, field.high), value);
    }
    number = value.get<int>();
    if (field.odd && number % 2 == 0) fail(field.name, "odd", value);
  }

  void set(double& number, const Field& field, const Json& value) const {
    if (!value.is_number() || !(value.get<double>() >= field.low && value.get<double>() <= field.high)) {
      fail(field.name, fmt::format("a number from {} to {}", field.low, field.high), value);
    }
    number = value.get<double>();
  }

  void set(std::string& text, const Field& field, const Json& value) const {
    if (!value.is_string()) fail(field.name, "one of " + join(field.choices), value);
    text = value.get<std::string>();
    if (std::ranges::find(field.choices, text) == field.choices.end()) {
      fail(field.name, "one of " + join(field.choices), value);
    }
  }

  const Json& json_;
  std::string place_;
};

std::string place_of(const Json& json) {
  const auto name = json.is_object() ? json.find("name") : json.end();
  return name != json.end() && name->is_string() ? fmt::format("backbone '{}'", name->get<std::string>()) : "backbone";
}

void check_names(const Json& json, const Family& family, const std::string& place) {
  std::vector<std::string> known = {"name", "family"};
  for (const Field& field : family.fields) known.push_back(field.name);
  for (const auto& [name, value] : json.items()) {
    if (std::ranges::find(known, name) != known.end()) continue;
    throw ConfigError(fmt::format("{}: the family {} has no field '{}'{} (known: {})", place, family.name, name,
                                  did_you_mean(name, known), join(known)));
  }
}

// HorNet's gates halve a stage's width once per order, 2 to 5; a filter halves the gates' sum, odd but for the first,
// once more.
void check_halvings(const BackboneVariant& variant, const FieldReader& reader) {
  for (size_t stage = 0; stage < variant.widths.size(); ++stage) {
    const bool filter = variant.block == "filter" && stage >= 2;
    const int divisor = 1 << (stage + (filter ? 2 : 1));
    if (variant.widths[stage] % divisor == 0) continue;
    reader.fail("widths", fmt::format("a multiple of {} in stage {}", divisor, stage), variant.widths[stage]);
  }
}

// What one field alone cannot say.
void check_together(const BackboneVariant& variant, const FieldReader& reader) {
  if (variant.small_kernel > 0) {
    const int narrowest = std::ranges::min(variant.kernels);
    if (variant.small_kernel % 2 == 0 || variant.small_kernel > narrowest) {
      reader.fail("small_kernel", "0 (none) or odd and no wider than the kernels", variant.small_kernel);
    }
  }
  if (variant.family == "vgg" || variant.family == "inception") {
    const bool full = variant.tail == "full";
    if (full != (variant.stride == 32)) {
      reader.fail("stride", full ? "32 with the tail full" : "16 or 8 with the tail cam", variant.stride);
    }
  }
  if (variant.family == "hornet") check_halvings(variant, reader);
  if (variant.auxiliary == 1 && variant.tail == "cam") reader.fail("auxiliary", "0 with the tail cam", 1);
}

}  // namespace

Json to_json(const BackboneVariant& variant) {
  Json json = {{"name", variant.name}, {"family", variant.family}};
  for (const Field& field : find_family(variant.family, variant.name).fields) {
    const Json value = std::visit([&](auto member) { return Json(variant.*member); }, field.member);
    if (!field.later || value != field.default_value) json[field.name] = value;
  }
  return json;
}

BackboneVariant variant_from_json(const Json& json) {
  const std::string place = place_of(json);
  if (!json.is_object()) throw ConfigError(place + ": expected a map");
  const FieldReader reader(json, place);
  const Family& family = find_family(reader.text("family"), place);
  check_names(json, family, place);
  BackboneVariant variant{.name = reader.text("name"), .family = family.name};
  for (const Field& field : family.fields) reader.read(field, variant);
  check_together(variant, reader);
  return variant;
}

Json family_defaults(const std::string& family, const std::string& place) {
  Json defaults = {{"family", family}};
  for (const Field& field : find_family(family, place).fields) {
    if (!field.default_value.is_null()) defaults[field.name] = field.default_value;
  }
  return defaults;
}

}  // namespace camsweep
