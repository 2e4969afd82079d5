#include "workers/localization/leading_component.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "workers/localization/lanczos.h"

// One function compiled for several instruction sets, the one of the machine chosen when the program starts.
#if defined(__x86_64__) && defined(__GNUC__)
#define CAMSWEEP_MULTIVERSION __attribute__((target_clones("avx512f", "avx2,fma", "default")))
#else
#define CAMSWEEP_MULTIVERSION
#endif

namespace camsweep {
namespace {

constexpr int kBlock = 64;          // rows whose products are summed in float32
constexpr double kResidual = 1e-7;  // of the eigenvalue: what the float32 products leave

typedef float Lanes __attribute__((vector_size(Rows::kLanes * sizeof(float)), aligned(sizeof(float))));

// sum += sum_r (r . v) r over `count` rows of `chunks` vectors.
CAMSWEEP_MULTIVERSION
void add_products(const float* rows, int64_t count, int chunks, const float* v, float* sum) {
  const Lanes* direction = reinterpret_cast<const Lanes*>(v);  // NOLINT: `auto` loses the type's alignment
  Lanes* total = reinterpret_cast<Lanes*>(sum);                // NOLINT
  for (int64_t r = 0; r < count; ++r) {
    const Lanes* row = reinterpret_cast<const Lanes*>(rows) + r * chunks;  // NOLINT
    Lanes products = {};
    for (int c = 0; c < chunks; ++c) products += row[c] * direction[c];
    float dot = 0;
    for (int lane = 0; lane < Rows::kLanes; ++lane) dot += products[lane];
    for (int c = 0; c < chunks; ++c) total[c] += dot * row[c];
  }
}

// sum_r (r . v) r.
Direction apply(const Rows& rows, const Direction& v) {
  const auto stride = static_cast<size_t>(rows.stride());
  std::vector<float> direction(stride, 0.f);
  std::copy(v.begin(), v.end(), direction.begin());
  Direction sum(v.size(), 0.0);
  std::vector<float> block(stride);
  for (int64_t first = 0; first < rows.count(); first += kBlock) {
    std::fill(block.begin(), block.end(), 0.f);
    add_products(rows.row(first), std::min<int64_t>(kBlock, rows.count() - first), rows.stride() / Rows::kLanes,
                 direction.data(), block.data());
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(block[i]);
  }
  return sum;
}

double sum_of_squares(const Rows& rows) {
  double total = 0;
  for (int64_t r = 0; r < rows.count(); ++r) {
    const float* row = rows.row(r);
    total += static_cast<double>(std::inner_product(row, row + rows.width(), row, 0.f));
  }
  return total;
}

}  // namespace

Rows::Rows(int64_t count, int width)
    : count_(count),
      width_(width),
      stride_((width + kLanes - 1) / kLanes * kLanes),
      values_(static_cast<size_t>(count) * static_cast<size_t>(stride_), 0.f) {}

void Rows::centre_columns() {
  std::vector<double> mean(static_cast<size_t>(width_), 0.0);
  for (int64_t r = 0; r < count_; ++r) {
    for (int i = 0; i < width_; ++i) mean[static_cast<size_t>(i)] += static_cast<double>(row(r)[i]);
  }
  std::vector<float> rounded;
  for (const double sum : mean) rounded.push_back(static_cast<float>(sum / static_cast<double>(count_)));
  for (int64_t r = 0; r < count_; ++r) {
    float* values = row(r);
    for (int i = 0; i < width_; ++i) values[i] -= rounded[static_cast<size_t>(i)];
  }
}

void Rows::centre_rows() {
  for (int64_t r = 0; r < count_; ++r) {
    float* values = row(r);
    const auto mean = static_cast<float>(std::accumulate(values, values + width_, 0.0) / width_);
    for (int i = 0; i < width_; ++i) values[i] -= mean;
  }
}

std::optional<LeadingComponent> leading_component(const Rows& rows) {
  const double trace = sum_of_squares(rows);
  if (!(trace > 0)) return std::nullopt;
  EigenPair pair = leading_eigenpair(rows.width(), kResidual, [&rows](const Direction& v) { return apply(rows, v); });
  return LeadingComponent{std::move(pair.vector), pair.value, trace};
}

}  // namespace camsweep
