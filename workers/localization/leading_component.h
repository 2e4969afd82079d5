#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "workers/localization/row_kernels.h"

namespace camsweep {

// A matrix of float32 rows, each padded with zeros to whole vectors.
class Rows {
 public:
  Rows(int64_t count, int width);

  int64_t count() const { return count_; }
  int width() const { return width_; }
  int64_t chunks() const { return chunks_; }  // vectors of a row
  int64_t stride() const { return chunks_ * row_kernels::kLanes; }
  float* row(int64_t index) { return values_.data() + index * stride(); }
  const float* row(int64_t index) const { return values_.data() + index * stride(); }
  // Drops the rows from `count` on.
  void truncate(int64_t count) { count_ = count; }

  double sum_of_squares() const;
  // The mean of the rows, subtracted from each of them.
  void centre_columns();
  // Each row's own mean, subtracted from it.
  void centre_rows();

 private:
  int64_t count_;
  int width_;
  int64_t chunks_;
  std::vector<float> values_;
};

// The direction in which rows spread most: the leading eigenvector of sum_r r r^T.
struct LeadingComponent {
  std::vector<double> direction;  // unit length, of Rows::width() entries; its sign is arbitrary
  double eigenvalue = 0;
  double trace = 0;  // the sum of all eigenvalues

  double rate() const { return eigenvalue / trace; }
};

// By Lanczos' method with full reorthogonalization, on the rows themselves: their Gram matrix costs more. Products are
// float32, sums over blocks of rows and all vectors double, so that the direction is exact to about 1e-6. None where
// all entries are zero.
std::optional<LeadingComponent> leading_component(const Rows& rows);

}  // namespace camsweep
