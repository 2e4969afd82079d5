#include "workers/localization/leading_component.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "workers/localization/lanczos.h"

namespace camsweep {
namespace {

constexpr int64_t kBlock = 64;      // rows whose products are summed in float32
constexpr double kResidual = 1e-7;  // of the eigenvalue: what the float32 products leave

// The sum over blocks of rows of what `add` puts into a row of float32.
template <typename Add>
Direction sum_of_blocks(const Rows& rows, const Add& add) {
  Direction sum(static_cast<size_t>(rows.width()), 0.0);
  std::vector<float> block(static_cast<size_t>(rows.stride()));
  for (int64_t first = 0; first < rows.count(); first += kBlock) {
    std::fill(block.begin(), block.end(), 0.f);
    add(rows.row(first), std::min(kBlock, rows.count() - first), block.data());
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(block[i]);
  }
  return sum;
}

// sum_r (r . v) r.
Direction apply(const Rows& rows, const Direction& v) {
  std::vector<float> direction(static_cast<size_t>(rows.stride()), 0.f);
  std::copy(v.begin(), v.end(), direction.begin());
  return sum_of_blocks(rows, [&](const float* first, int64_t count, float* sum) {
    row_kernels::add_products(first, count, rows.chunks(), direction.data(), sum);
  });
}

}  // namespace

Rows::Rows(int64_t count, int width)
    : count_(count),
      width_(width),
      chunks_((width + row_kernels::kLanes - 1) / row_kernels::kLanes),
      values_(static_cast<size_t>(count * stride()), 0.f) {}

double Rows::sum_of_squares() const { return row_kernels::sum_of_squares(row(0), count_ * chunks_); }

void Rows::centre_columns() {
  const Direction sum = sum_of_blocks(*this, [&](const float* first, int64_t count, float* block) {
    row_kernels::add_rows(first, count, chunks_, block);
  });
  std::vector<float> mean(static_cast<size_t>(stride()), 0.f);
  std::transform(sum.begin(), sum.end(), mean.begin(),
                 [this](double total) { return static_cast<float>(total / static_cast<double>(count_)); });
  row_kernels::subtract(row(0), count_, chunks_, mean.data());
}

void Rows::centre_rows() {
  for (int64_t r = 0; r < count_; ++r) {
    float* values = row(r);
    const auto mean = static_cast<float>(std::accumulate(values, values + width_, 0.0) / width_);
    for (int i = 0; i < width_; ++i) values[i] -= mean;
  }
}

std::optional<LeadingComponent> leading_component(const Rows& rows) {
  const double trace = rows.sum_of_squares();
  if (!(trace > 0)) return std::nullopt;
  EigenPair pair = leading_eigenpair(rows.width(), kResidual, [&rows](const Direction& v) { return apply(rows, v); });
  return LeadingComponent{std::move(pair.vector), pair.value, trace};
}

}  // namespace camsweep
