#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace camsweep {

// What a Python pickle describes, as data: nothing is imported, called or built. A global is a name; what would be the
// result of calling it is a description of the call.

using PickleIndex = uint32_t;
constexpr PickleIndex kNoPickle = UINT32_MAX;

struct PickleValue {
  enum class Kind : uint8_t {
    kNone,
    kBool,
    kInteger,
    kReal,
    kText,
    kBytes,  // also integers of more than 64 bits
    kTuple,
    kList,        // also sets
    kDict,        // also OrderedDict; keys and values alternate in `items`
    kGlobal,      // `text` is "module.name"
    kPersistent,  // what persistent_load would have been given: items[0]
    kCall         // items: what would be called, its arguments
  };
  Kind kind = Kind::kNone;
  int64_t integer = 0;  // kBool, kInteger
  double real = 0;
  std::string_view text = {};  // of kText, kBytes, kGlobal; lies in Pickle::texts or in the bytes that were read
  std::vector<PickleIndex> items = {};
  PickleIndex state = kNoPickle;  // what BUILD would have given to __setstate__
};

// A pickle's values in one list, which refer to each other by index: shared values are shared, cycles are possible, so
// whoever walks it bounds the walk.
struct Pickle {
  std::deque<PickleValue> values;
  PickleIndex root = 0;
  size_t bytes = 0;               // read, up to and with STOP
  std::deque<std::string> texts;  // that do not lie in the input as they are

  const PickleValue& operator[](PickleIndex index) const { return values[index]; }
  const PickleValue& top() const { return values[root]; }
};

// Enough for four times the largest training snapshot of our networks, and some 45 MB at most.
constexpr size_t kMaxPickleValues = 250'000;

// Protocols 0 to 5 (spec backbones, 14.2). `bytes` must outlive the result. At most `max_values` values, so that memory
// is bounded whatever the pickle says. Throws ConfigError beginning with `file_name`.
Pickle read_pickle(std::string_view bytes, const std::string& file_name, size_t max_values = kMaxPickleValues);

}  // namespace camsweep
