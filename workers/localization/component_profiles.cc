#include "workers/localization/component_profiles.h"

#include <algorithm>

namespace camsweep {
namespace {

int chunk_of(int lane) { return lane / static_cast<int>(kChunk); }

}  // namespace

void ComponentProfiles::Lanes::include(int first_chunk, int last_chunk) {
  if (last < 0) first = first_chunk;
  first = std::min(first, first_chunk);
  last = std::max(last, last_chunk);
}

// Every component has room for what it will have become before it is gone, so that no merge moves another one.
ComponentProfiles::ComponentProfiles(const PaddedMap& map, const ComponentTree& tree, const SweepWorkspace& workspace)
    : kernels_(workspace.kernels), profiles_(tree.basins(), workspace.arena), bytes_(workspace.arena) {
  const RowSegments& segments = tree.segments();
  for (int y = 0; y < map.height(); ++y) {
    for (size_t s = segments.begin_of_row(y); s < segments.end_of_row(y); ++s) {
      Profile& profile = profiles_[tree.basin_of(s)];
      profile.columns.include(chunk_of(segments[s].first), chunk_of(segments[s].last));
      profile.rows.include(chunk_of(y), chunk_of(y));
    }
  }
  for (const ComponentTree::Merge& merge : tree.merges()) {
    Profile& kept = profiles_[static_cast<size_t>(merge.kept)];
    const Profile& gone = profiles_[static_cast<size_t>(merge.gone)];
    kept.columns.include(gone.columns.first, gone.columns.last);
    kept.rows.include(gone.rows.first, gone.rows.last);
  }
  place();
  fill(map, tree);
}

void ComponentProfiles::place() {
  size_t end = 0;
  for (size_t component = 1; component < profiles_.size(); ++component) {
    for (Lanes* lanes : {&profiles_[component].columns, &profiles_[component].rows}) {
      lanes->offset = end;
      end += lanes->bytes();
    }
  }
  bytes_.resize(end + kChunk);
}

void ComponentProfiles::fill(const PaddedMap& map, const ComponentTree& tree) {
  const RowSegments& segments = tree.segments();
  for (int y = 0; y < map.height(); ++y) {
    const uint8_t* const row = map.row(y);
    for (size_t s = segments.begin_of_row(y); s < segments.end_of_row(y); ++s) {
      const size_t basin = tree.basin_of(s);
      if (basin == 0) continue;
      const RowSegment& segment = segments[s];
      const Profile& profile = profiles_[basin];
      kernels_.raise_range(at(profile.columns, segment.first), row + segment.first, segment.last - segment.first + 1);
      uint8_t& height = *at(profile.rows, y);
      height = std::max(height, segment.peak);
    }
  }
}

void ComponentProfiles::merge(const ComponentTree::Merge& merge) {
  if (merge.kept == 0) return;
  const Profile& kept = profiles_[static_cast<size_t>(merge.kept)];
  const Profile& gone = profiles_[static_cast<size_t>(merge.gone)];
  raise(kept.columns, gone.columns);
  raise(kept.rows, gone.rows);
}

void ComponentProfiles::raise(const Lanes& lanes, const Lanes& by) {
  kernels_.raise(at(lanes, by.first * static_cast<int>(kChunk)), bytes_.data() + by.offset, by.bytes() / kChunk);
}

void ComponentProfiles::find(const Lanes& lanes, int low, int high, LaneSpan* spans) const {
  kernels_.spans(bytes_.data() + lanes.offset, lanes.bytes() / kChunk, low, high, spans);
  const int first = lanes.first * static_cast<int>(kChunk);
  for (int i = 0; i <= high - low; ++i) {
    spans[i].first += first;
    spans[i].last += first;
  }
}

void ComponentProfiles::columns(size_t component, int low, int high, LaneSpan* spans) const {
  find(profiles_[component].columns, low, high, spans);
}

void ComponentProfiles::rows(size_t component, int low, int high, LaneSpan* spans) const {
  find(profiles_[component].rows, low, high, spans);
}

}  // namespace camsweep
