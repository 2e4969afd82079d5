#include "workers/localization/component_tree.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

namespace camsweep {
namespace {

constexpr int kShort = 8;  // columns up to which a call costs more than it saves

// The highest level at which a segment of one row and one of the next are connected: the largest min(f[x], g[x']) of
// pixels with |x - x'| <= reach. Between both peaks one of the rows falls and the other rises, so it is where they
// cross.
template <int reach>
int join_level(const RowSegment* a, const uint8_t* f, const RowSegment* b, const uint8_t* g,
               const SweepWorkspace& workspace) {
  if (a->peak_at > b->peak_at) {
    std::swap(a, b);
    std::swap(f, g);
  }
  const int first = std::max<int>(a->first, b->first - reach);
  const int last = std::min<int>(a->last, b->last + reach);
  const int begin = std::clamp<int>(a->peak_at, first, last);
  const int end = std::clamp<int>(b->peak_at, first, last);
  const int count = end - begin;
  int x = begin;
  if (count <= kShort) {
    while (x < end && f[x] > g[x + reach]) ++x;
  } else {
    x += workspace.kernels.first_not_above(f + begin, g + begin + reach, count);
  }
  const int before = x > begin ? g[x - 1 + reach] : 0;
  const int met = g[std::clamp<int>(b->peak_at, x - reach, x + reach)];
  return std::max(before, std::min<int>(f[x], met));
}

int32_t root_of(ArenaVector<int32_t>& parents, int32_t member) {
  while (parents[static_cast<size_t>(member)] != member) {
    int32_t& parent = parents[static_cast<size_t>(member)];
    parent = parents[static_cast<size_t>(parent)];  // path halving
    member = parent;
  }
  return member;
}

}  // namespace

ComponentTree::ComponentTree(const PaddedMap& map, Connectivity connectivity, const SweepWorkspace& workspace)
    : segments_(map, workspace),
      parents_(segments_.size(), workspace.arena),
      basin_of_(segments_.size(), -1, workspace.arena),
      peaks_(workspace.arena),
      joins_(workspace.arena),
      merges_(workspace.arena) {
  std::iota(parents_.begin(), parents_.end(), 0);
  joins_.reserve(2 * segments_.size());
  peaks_.reserve(segments_.size());
  for (int y = 0; y < map.height(); ++y) {
    join_within_row(map, y);
    if (y == 0) continue;
    if (connectivity == Connectivity::kEight) {
      join_rows<1>(map, y, workspace);
    } else {
      join_rows<0>(map, y, workspace);
    }
  }
  if (connectivity == Connectivity::kFour) join_outside(map);
  number_basins();
  merge_basins();
}

// The segments of rows y - 1 and y that touch, from the left.
template <int reach>
void ComponentTree::join_rows(const PaddedMap& map, int y, const SweepWorkspace& workspace) {
  const uint8_t* const upper = map.row(y - 1);
  const uint8_t* const lower = map.row(y);
  const size_t a_end = segments_.end_of_row(y - 1);
  const size_t b_end = segments_.end_of_row(y);
  size_t a = segments_.begin_of_row(y - 1);
  size_t b = segments_.begin_of_row(y);
  while (a < a_end && b < b_end) {
    const RowSegment& above = segments_[a];
    const RowSegment& below = segments_[b];
    join(a, b, join_level<reach>(&above, upper, &below, lower, workspace));
    const bool both_end = above.last == below.last;
    if (both_end && reach == 1) {  // what follows touches at a corner
      if (b + 1 < b_end) join(a, b + 1, std::min(upper[above.last], lower[above.last + 1]));
      if (a + 1 < a_end) join(a + 1, b, std::min(upper[above.last + 1], lower[above.last]));
    }
    const bool next_a = above.last <= below.last;
    const bool next_b = below.last <= above.last;
    a += next_a;
    b += next_b;
  }
}

void ComponentTree::join_within_row(const PaddedMap& map, int y) {
  const uint8_t* const row = map.row(y);
  for (size_t segment = segments_.begin_of_row(y); segment + 1 < segments_.end_of_row(y); ++segment) {
    join(segment, segment + 1, row[segments_[segment].last]);
  }
}

void ComponentTree::join_outside(const PaddedMap& map) {
  for (int y = 0; y < map.height(); ++y) {
    const size_t begin = segments_.begin_of_row(y);
    const size_t end = segments_.end_of_row(y);
    if (begin == end) continue;
    join(0, begin, map.row(y)[0]);
    join(0, end - 1, map.row(y)[map.width() - 1]);
    if (y > 0 && y + 1 < map.height()) continue;
    for (size_t segment = begin; segment < end; ++segment) join(0, segment, segments_[segment].peak);
  }
}

void ComponentTree::join(size_t a, size_t b, int level) {
  if (level == 0) return;
  if (hang(a, b, level) || hang(b, a, level)) return;
  joins_.push_back({static_cast<int32_t>(a), static_cast<int32_t>(b), static_cast<uint8_t>(level)});
}

// A segment that is joined at its peak hangs on the other one, if it hangs on none yet.
bool ComponentTree::hang(size_t segment, size_t on, int level) {
  if (level < segments_[segment].peak || segment == 0) return false;
  int32_t& parent = parents_[segment];
  const auto self = static_cast<int32_t>(segment);
  if (parent != self) return false;
  parent = root_of(parents_, static_cast<int32_t>(on));
  return true;
}

void ComponentTree::number_basins() {
  for (size_t segment = 0; segment < segments_.size(); ++segment) {
    const auto root = static_cast<size_t>(root_of(parents_, static_cast<int32_t>(segment)));
    int32_t& basin = basin_of_[root];
    if (basin < 0) {
      basin = static_cast<int32_t>(peaks_.size());
      peaks_.push_back(segments_[root].peak);
    }
    basin_of_[segment] = basin;
  }
}

// Kruskal's algorithm, the joins sorted by counting.
void ComponentTree::merge_basins() {
  std::pmr::memory_resource* const arena = joins_.get_allocator().resource();
  std::array<size_t, 257> starts{};
  merges_.reserve(basins());
  size_t left = 0;
  for (const Join& join : joins_) {
    const int32_t a = basin_of_[static_cast<size_t>(join.a)];
    const int32_t b = basin_of_[static_cast<size_t>(join.b)];
    joins_[left] = {a, b, join.level};
    left += a != b;
    starts[256u - join.level] += a != b;
  }
  joins_.resize(left);
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  ArenaVector<Join> sorted(joins_.size(), arena);
  for (const Join& join : joins_) sorted[starts[255u - join.level]++] = join;
  ArenaVector<int32_t> parents(basins(), arena);
  std::iota(parents.begin(), parents.end(), 0);
  ArenaVector<int32_t> sizes(basins(), 1, arena);
  sizes[0] = static_cast<int32_t>(basins());  // the outside is kept
  for (const Join& join : sorted) {
    int32_t kept = root_of(parents, join.a);
    int32_t gone = root_of(parents, join.b);
    if (kept == gone) continue;
    if (sizes[static_cast<size_t>(kept)] < sizes[static_cast<size_t>(gone)]) std::swap(kept, gone);
    parents[static_cast<size_t>(gone)] = kept;
    sizes[static_cast<size_t>(kept)] += sizes[static_cast<size_t>(gone)];
    merges_.push_back({kept, gone, join.level});
  }
}

}  // namespace camsweep
