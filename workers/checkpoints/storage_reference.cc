#include "workers/checkpoints/storage_reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "schemas/error.h"
#include "schemas/utf8.h"

namespace camsweep {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMaxKeyBytes = 100;  // PyTorch's are numbers

struct StorageType {
  std::string_view name;
  c10::ScalarType dtype;
};

constexpr StorageType kStorageTypes[] = {
    {"FloatStorage", c10::ScalarType::Float},       {"HalfStorage", c10::ScalarType::Half},
    {"BFloat16Storage", c10::ScalarType::BFloat16}, {"DoubleStorage", c10::ScalarType::Double},
    {"LongStorage", c10::ScalarType::Long},         {"IntStorage", c10::ScalarType::Int},
    {"ShortStorage", c10::ScalarType::Short},       {"CharStorage", c10::ScalarType::Char},
    {"ByteStorage", c10::ScalarType::Byte},         {"BoolStorage", c10::ScalarType::Bool}};

}  // namespace

StorageReference storage_reference(const PickleValue& value, const Pickle& pickle, const std::string& owner,
                                   const std::string& file_name) {
  const auto fail = [&](const std::string& what) {
    throw ConfigError(fmt::format("{}: {} {}", file_name, owner, what));
  };
  const auto at = [&](const PickleValue& tuple, size_t index, Kind kind) -> const PickleValue& {
    if (tuple.kind != Kind::kTuple || tuple.items.size() <= index || pickle[tuple.items[index]].kind != kind) {
      fail("has a storage that is described in no way that PyTorch writes");
    }
    return pickle[tuple.items[index]];
  };
  if (value.kind != Kind::kPersistent) fail("has no storage");
  const PickleValue& id = pickle[value.items[0]];
  if (at(id, 0, Kind::kText).text != "storage") fail("has no storage");
  std::string_view type = at(id, 1, Kind::kGlobal).text;
  type.remove_prefix(std::min(type.size(), type.rfind('.') + 1));
  const auto* known = std::ranges::find(kStorageTypes, type, &StorageType::name);
  if (known == std::end(kStorageTypes)) {
    fail(fmt::format("is of the type {}, which is not supported", escaped(type.substr(0, 60))));
  }
  StorageReference reference{.key = at(id, 2, Kind::kText).text,
                             .dtype = known->dtype,
                             .elements = at(id, 4, Kind::kInteger).integer,
                             .offset = 0};
  const bool view = id.items.size() > 5 && pickle[id.items[5]].kind != Kind::kNone;
  if (view) reference.offset = at(at(id, 5, Kind::kTuple), 1, Kind::kInteger).integer;
  if (reference.elements < 0 || reference.offset < 0) fail("has a storage of a negative size");
  if (reference.key.size() > kMaxKeyBytes) fail("has a storage with a longer key than PyTorch writes");
  return reference;
}

std::map<std::string_view, StorageReference> storage_references(const Pickle& pickle, const std::string& file_name) {
  std::map<std::string_view, StorageReference> references;
  for (const PickleValue& value : pickle.values) {
    if (value.kind != Kind::kPersistent) continue;
    const PickleValue& id = pickle[value.items[0]];
    const bool storage = id.kind == Kind::kTuple && !id.items.empty() && pickle[id.items[0]].text == "storage";
    if (!storage) continue;
    const StorageReference found = storage_reference(value, pickle, "one of its tensors", file_name);
    const StorageReference& first = references.emplace(found.key, found).first->second;
    if (first.dtype != found.dtype || first.elements != found.elements) {
      throw ConfigError(
          fmt::format("{}: its storage '{}' is said to be of two types or sizes", file_name, escaped(found.key)));
    }
    if (references.size() > kMaxTensors) {
      throw ConfigError(fmt::format("{}: it has more storages than any network", file_name));
    }
  }
  return references;
}

}  // namespace camsweep
