#include "workers/localization/level_sweep.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <memory_resource>

#include "workers/localization/best_ious.h"
#include "workers/localization/box_geometry.h"
#include "workers/localization/component_boxes.h"
#include "workers/localization/filled_map.h"
#include "workers/localization/largest_component.h"

namespace camsweep {
namespace {

constexpr size_t kMemory = size_t{4} << 20;  // enough for 224 x 224; what larger maps need beyond is allocated

std::byte* memory_of_thread() {
  thread_local const auto memory = std::make_unique_for_overwrite<std::byte[]>(kMemory);
  return memory.get();
}

class LevelSweep {
 public:
  LevelSweep(const LevelMap& map, const std::vector<Box>& truths, const ByteKernels& kernels)
      : arena_(memory_of_thread(), kMemory),
        workspace_{kernels, &arena_},
        map_(map, workspace_),
        inverted_(map_.inverted()),
        background_(inverted_, Connectivity::kFour, workspace_),
        truths_(truths),
        highest_(map.max()),
        iou_of_none_(best_iou({}, truths)) {}

  IouPerLevel single() const {
    const PaddedMap filled = filled_map(map_, background_, workspace_);
    const std::array<Box, 256> boxes = largest_components(filled, workspace_);
    IouPerLevel ious;
    std::transform(boxes.begin(), boxes.end(), ious.begin(), [this](const Box& box) {
      return best_iou(outline_box({box.x0, box.x1}, {box.y0, box.y1}, Outline::kComponent, map_), truths_);
    });
    return without_foreground(ious);
  }

  IouPerLevel multi() const {
    BestIous best(truths_);
    const ComponentTree foreground(map_, Connectivity::kEight, workspace_);
    add_boxes(map_, foreground, Outline::kComponent, workspace_, best);
    add_boxes(inverted_, background_, Outline::kHole, workspace_, best);
    return without_foreground(best.values());
  }

 private:
  // From the highest level on there is none, and the box is that of spec protocol, 7.4, step 2.
  IouPerLevel without_foreground(IouPerLevel ious) const {
    std::fill(ious.begin() + highest_, ious.end(), iou_of_none_);
    return ious;
  }

  std::pmr::monotonic_buffer_resource arena_;
  SweepWorkspace workspace_;
  PaddedMap map_;
  PaddedMap inverted_;
  ComponentTree background_;
  const std::vector<Box>& truths_;
  uint8_t highest_;
  double iou_of_none_;
};

}  // namespace

LevelIous level_ious(const LevelMap& map, const std::vector<Box>& truths, const ByteKernels& kernels) {
  const LevelSweep sweep(map, truths, kernels);
  return {sweep.single(), sweep.multi()};
}

IouPerLevel single_ious(const LevelMap& map, const std::vector<Box>& truths, const ByteKernels& kernels) {
  return LevelSweep(map, truths, kernels).single();
}

IouPerLevel multi_ious(const LevelMap& map, const std::vector<Box>& truths, const ByteKernels& kernels) {
  return LevelSweep(map, truths, kernels).multi();
}

}  // namespace camsweep
