#include "workers/localization/box_accuracy.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include "schemas/error.h"
#include "workers/localization/contours.h"

namespace camsweep {
namespace {

double percent(int64_t count, int64_t of) {
  return of == 0 ? 0 : 100.0 * static_cast<double>(count) / static_cast<double>(of);
}

size_t first_max(const std::vector<int64_t>& counts) {
  return static_cast<size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
}

double mean(const std::array<double, 3>& values) { return (values[0] + values[1] + values[2]) / 3; }

bool is_right(double iou, int delta) { return iou >= delta / 100.0; }

}  // namespace

std::vector<double> threshold_grid(double step) {
  const auto count = static_cast<size_t>(std::ceil(1 / step));
  std::vector<double> grid(count);
  for (size_t i = 0; i < count; ++i) grid[i] = static_cast<double>(i) * step;
  return grid;
}

BoxAccuracy::BoxAccuracy(double step) : thresholds_(threshold_grid(step)) {
  single_.resize(thresholds_.size());
  single_right_.resize(thresholds_.size());
  single_five_.resize(thresholds_.size());
  for (std::vector<int64_t>& counts : multi_) counts.resize(thresholds_.size());
}

ImageScore BoxAccuracy::add(const LevelIous& ious, int top, Classified classified) {
  ImageScore score{-1, 0};
  ++images_;
  for (size_t i = 0; i < thresholds_.size(); ++i) {
    const auto level = static_cast<size_t>(threshold_level(thresholds_[i], top));
    const double single = ious.single[level];
    if (single > score.best_iou) score = {single, thresholds_[i]};
    single_[i] += is_right(single, 50);
    single_right_[i] += is_right(single, 50) && classified == Classified::kRight;
    single_five_[i] += is_right(single, 50) && classified != Classified::kWrong;
    for (size_t k = 0; k < kDeltas.size(); ++k) multi_[k][i] += is_right(ious.multi[level], kDeltas[k]);
  }
  return score;
}

void BoxAccuracy::add(const BoxAccuracy& other) {
  CAMSWEEP_CHECK(thresholds_ == other.thresholds_, "sums of box accuracies are over one grid");
  const auto sum = [](std::vector<int64_t>& into, const std::vector<int64_t>& from) {
    std::transform(into.begin(), into.end(), from.begin(), into.begin(), std::plus<>());
  };
  images_ += other.images_;
  sum(single_, other.single_);
  sum(single_right_, other.single_right_);
  sum(single_five_, other.single_five_);
  for (size_t k = 0; k < kDeltas.size(); ++k) sum(multi_[k], other.multi_[k]);
}

std::vector<double> BoxAccuracy::curve() const {
  std::vector<double> values;
  for (const int64_t count : single_) values.push_back(percent(count, images_));
  return values;
}

BestThreshold BoxAccuracy::maxboxacc() const {
  const size_t i = first_max(single_);
  return {percent(single_[i], images_), thresholds_[i]};
}

std::array<BestThreshold, 3> BoxAccuracy::v2_by_delta() const {
  std::array<BestThreshold, 3> best;
  for (size_t k = 0; k < kDeltas.size(); ++k) {
    const size_t i = first_max(multi_[k]);
    best[k] = {percent(multi_[k][i], images_), thresholds_[i]};
  }
  return best;
}

double BoxAccuracy::maxboxacc_v2() const {
  const std::array<BestThreshold, 3> best = v2_by_delta();
  return mean({best[0].value, best[1].value, best[2].value});
}

double BoxAccuracy::top1_loc() const { return percent(single_right_[first_max(single_)], images_); }

double BoxAccuracy::top5_loc() const { return percent(single_five_[first_max(single_)], images_); }

std::optional<double> BoxAccuracy::top1_error(double threshold) const { return error_at(threshold, single_right_); }

std::optional<double> BoxAccuracy::top5_error(double threshold) const { return error_at(threshold, single_five_); }

std::optional<double> BoxAccuracy::error_at(double threshold, const std::vector<int64_t>& right) const {
  constexpr double kRounding = 1e-9;  // of i * step
  const auto found = std::find_if(thresholds_.begin(), thresholds_.end(),
                                  [=](double tau) { return std::abs(tau - threshold) < kRounding; });
  if (found == thresholds_.end()) return std::nullopt;
  return 100 - percent(right[static_cast<size_t>(found - thresholds_.begin())], images_);
}

double BoxAccuracy::at_thresholds_of(const BoxAccuracy& other) const {
  return percent(single_[first_max(other.single_)], images_);
}

std::array<double, 3> BoxAccuracy::v2_by_delta_at_thresholds_of(const BoxAccuracy& other) const {
  std::array<double, 3> values{};
  for (size_t k = 0; k < kDeltas.size(); ++k) values[k] = percent(multi_[k][first_max(other.multi_[k])], images_);
  return values;
}

double BoxAccuracy::v2_at_thresholds_of(const BoxAccuracy& other) const {
  return mean(v2_by_delta_at_thresholds_of(other));
}

std::string BoxAccuracy::bytes() const {
  std::string bytes(reinterpret_cast<const char*>(&images_), sizeof images_);
  const auto append = [&bytes](const std::vector<int64_t>& counts) {
    bytes.append(reinterpret_cast<const char*>(counts.data()), counts.size() * sizeof(int64_t));
  };
  append(single_);
  append(single_right_);
  append(single_five_);
  for (const std::vector<int64_t>& counts : multi_) append(counts);
  return bytes;
}

void BoxAccuracy::add_bytes(const std::string& bytes) {
  CAMSWEEP_CHECK(bytes.size() == (1 + 6 * thresholds_.size()) * sizeof(int64_t), "ranks share one threshold grid");
  BoxAccuracy other = *this;
  const char* next = bytes.data();
  const auto take = [&next](void* into, size_t size) {
    std::memcpy(into, next, size);
    next += size;
  };
  take(&other.images_, sizeof other.images_);
  const size_t size = thresholds_.size() * sizeof(int64_t);
  take(other.single_.data(), size);
  take(other.single_right_.data(), size);
  take(other.single_five_.data(), size);
  for (std::vector<int64_t>& counts : other.multi_) take(counts.data(), size);
  add(other);
}

BoxFloors::BoxFloors(int side) : side_(side) {
  for (std::vector<int64_t>& hits : hits_) hits.resize(static_cast<size_t>(side));
}

Box BoxFloors::square(int side) const {
  const int start = (side_ - side) / 2;
  return {start, start, start + side - 1, start + side - 1};
}

void BoxFloors::add(const std::vector<Box>& truths) {
  ++images_;
  for (int side = 1; side <= side_; ++side) {
    const double iou = best_iou(square(side), truths);
    for (size_t k = 0; k < kDeltas.size(); ++k) hits_[k][static_cast<size_t>(side - 1)] += is_right(iou, kDeltas[k]);
  }
}

double BoxFloors::whole_image(int delta) const {
  const auto k = static_cast<size_t>(std::find(kDeltas.begin(), kDeltas.end(), delta) - kDeltas.begin());
  CAMSWEEP_CHECK(k < kDeltas.size(), "floors exist for the deltas of MaxBoxAccV2");
  return percent(hits_[k].back(), images_);
}

double BoxFloors::whole_image_v2() const { return mean({whole_image(30), whole_image(50), whole_image(70)}); }

double BoxFloors::centred() const { return percent(hits_[1][first_max(hits_[1])], images_); }

int BoxFloors::centred_side() const { return static_cast<int>(first_max(hits_[1])) + 1; }

double BoxFloors::centred_v2() const {
  std::array<double, 3> values{};
  for (size_t k = 0; k < kDeltas.size(); ++k) values[k] = percent(hits_[k][first_max(hits_[k])], images_);
  return mean(values);
}

}  // namespace camsweep
