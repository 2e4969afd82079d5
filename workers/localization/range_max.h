#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace camsweep {

// The largest of the values given for ranges of levels, per level. A range is covered by the two largest powers of two
// that fit at its ends, so raise() takes constant time (a sparse table, filled backwards).
template <typename Value>
class RangeMax {
 public:
  static constexpr size_t kLevels = 256;

  // `value` holds at the levels first to last; levels without any hold Value{}.
  void raise(int first, int last, const Value& value) {
    const auto length = static_cast<unsigned>(last - first + 1);
    const auto row = static_cast<size_t>(std::bit_width(length)) - 1;
    raise_at(row, static_cast<size_t>(first), value);
    raise_at(row, static_cast<size_t>(last) + 1 - (size_t{1} << row), value);
  }

  std::array<Value, kLevels> values() const {
    RangeMax spread = *this;
    for (size_t row = kRows - 1; row > 0; --row) {
      const size_t half = size_t{1} << (row - 1);
      for (size_t i = 0; i + 2 * half <= kLevels; ++i) {
        spread.raise_at(row - 1, i, spread.rows_[row][i]);
        spread.raise_at(row - 1, i + half, spread.rows_[row][i]);
      }
    }
    return spread.rows_[0];
  }

 private:
  static constexpr size_t kRows = 9;  // row r is for 2^r levels

  void raise_at(size_t row, size_t first, const Value& value) {
    Value& entry = rows_[row][first];
    if (entry < value) entry = value;
  }

  std::array<std::array<Value, kLevels>, kRows> rows_{};
};

}  // namespace camsweep
