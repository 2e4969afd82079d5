#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace camsweep {

// Which neighbours of a pixel belong to its component: those that share an edge, or a corner as well.
enum class Connectivity { kFour, kEight };

// The neighbours of a pixel in a ring, from the one above clockwise. Even ones share an edge with it.
constexpr std::array<std::pair<int, int>, 8> kRing = {
    {{-1, 0}, {-1, 1}, {0, 1}, {1, 1}, {1, 0}, {1, -1}, {0, -1}, {-1, -1}}};

// What a new pixel does, given which of its neighbours are set.
struct Joins {
  uint8_t count = 0;
  std::array<uint8_t, 4> at{};  // ring positions, one for each group of neighbours that are not yet connected here
  uint8_t half_squares = 0;     // how much twice_area grows (see twice_areas() of contours.cc)
};

constexpr bool connected(size_t a, size_t b, Connectivity connectivity) {
  const size_t apart = (b + 8 - a) % 8;
  if (apart == 1 || apart == 7) return true;
  return connectivity == Connectivity::kEight && a % 2 == 0 && (apart == 2 || apart == 6);
}

constexpr Joins joins_of(size_t set, Connectivity connectivity) {
  const auto is_set = [set](size_t position) { return (set >> position % 8 & 1) != 0; };
  std::array<size_t, 8> group = {0, 1, 2, 3, 4, 5, 6, 7};
  for (size_t a = 0; a < 8; ++a) {
    for (size_t b = 0; b < 8; ++b) {
      if (!is_set(a) || !is_set(b) || !connected(a, b, connectivity)) continue;
      const size_t from = group[b];
      for (size_t& g : group) g = g == from ? group[a] : g;
    }
  }
  Joins joins;
  std::array<bool, 8> joined{};
  for (size_t position = 0; position < 8; ++position) {
    if (!is_set(position) || joined[group[position]]) continue;
    if (connectivity == Connectivity::kFour && position % 2 == 1) continue;
    joined[group[position]] = true;
    joins.at[joins.count++] = static_cast<uint8_t>(position);
  }
  for (size_t corner = 1; corner < 8; corner += 2) {
    if (is_set(corner - 1) + is_set(corner) + is_set(corner + 1) >= 2) ++joins.half_squares;
  }
  return joins;
}

template <Connectivity connectivity>
constexpr std::array<Joins, 256> joins_table() {
  std::array<Joins, 256> table{};
  for (size_t set = 0; set < 256; ++set) table[set] = joins_of(set, connectivity);
  return table;
}

}  // namespace camsweep
