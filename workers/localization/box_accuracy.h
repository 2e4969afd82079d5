#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "workers/localization/box_geometry.h"
#include "workers/localization/level_sweep.h"

namespace camsweep {

// IoU, percent, from which a box counts as right. V2 averages over the three; V1 uses the second.
inline constexpr std::array<int, 3> kDeltas = {30, 50, 70};

// tau_i = i * step below 1 (numpy's arange). Spec protocol, 7.3.
std::vector<double> threshold_grid(double step);

struct BestThreshold {
  double value = 0;      // percent
  double threshold = 0;  // the smallest tau that reaches it
};

struct ImageScore {
  double best_iou = 0;   // of the largest contour's box, over all thresholds
  double threshold = 0;  // the smallest that reaches it
};

// How many images have a right box at each threshold. Plain counts: sums over ranks do not depend on their order.
class BoxAccuracy {
 public:
  explicit BoxAccuracy(double step);

  // Where the image's class stands among the classifier's choices: first, among the first five, or beyond.
  enum class Classified { kWrong, kAmongFive, kRight };
  // `top` is the map's highest level.
  ImageScore add(const LevelIous& ious, int top, Classified classified);
  void add(const BoxAccuracy& other);

  int64_t images() const { return images_; }
  const std::vector<double>& thresholds() const { return thresholds_; }

  // Percent of images per threshold, single contour, IoU 0.5.
  std::vector<double> curve() const;
  BestThreshold maxboxacc() const;
  std::array<BestThreshold, 3> v2_by_delta() const;  // in the order of kDeltas
  double maxboxacc_v2() const;
  // Percent with the right class and a right box, at the threshold of maxboxacc().
  double top1_loc() const;
  // Percent with the right class among the first five and a right box, of maps of the image's class.
  double top5_loc() const;
  // Percent without the right class among the first (five) or without a right box at a fixed threshold; none where the
  // grid has no such threshold. Spec protocol, 7.6: the metric of the 2016 paper at 0.2.
  std::optional<double> top1_error(double threshold) const;
  std::optional<double> top5_error(double threshold) const;
  // The same figures at thresholds that another split chose.
  double at_thresholds_of(const BoxAccuracy& other) const;
  std::array<double, 3> v2_by_delta_at_thresholds_of(const BoxAccuracy& other) const;
  double v2_at_thresholds_of(const BoxAccuracy& other) const;

  // As bytes for other ranks, which have the same grid.
  std::string bytes() const;
  void add_bytes(const std::string& bytes);

 private:
  std::optional<double> error_at(double threshold, const std::vector<int64_t>& right) const;

  std::vector<double> thresholds_;
  int64_t images_ = 0;
  std::vector<int64_t> single_;                // per threshold, IoU >= 0.5
  std::vector<int64_t> single_right_;          // and the right class first
  std::vector<int64_t> single_five_;           // and the right class among the first five
  std::array<std::vector<int64_t>, 3> multi_;  // per delta
};

// What boxes that ignore the image reach, percent: the whole frame, and the best centred square of one side.
// Spec protocol, 0.3.
class BoxFloors {
 public:
  explicit BoxFloors(int side);
  void add(const std::vector<Box>& truths);

  double whole_image(int delta) const;
  double whole_image_v2() const;
  double centred() const;
  int centred_side() const;  // the smallest that reaches it, pixels of the frame
  double centred_v2() const;

 private:
  Box square(int side) const;

  int side_;
  int64_t images_ = 0;
  std::array<std::vector<int64_t>, 3> hits_;  // per delta and side 1..side_
};

}  // namespace camsweep
