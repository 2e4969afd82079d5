#include "workers/localization/row_kernels.h"

#include <algorithm>

#include "schemas/vector_clones.h"

#define CAMSWEEP_MULTIVERSION CAMSWEEP_VECTOR_CLONES("avx512f", "avx2,fma")

namespace camsweep::row_kernels {
namespace {

// Rows are aligned as floats are. `auto` would lose that, so that pointers to it are written out.
typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float))));

constexpr int64_t kShort = 64;  // vectors whose squares are summed in float32

const Lanes* lanes(const float* values) { return reinterpret_cast<const Lanes*>(values); }
Lanes* lanes(float* values) { return reinterpret_cast<Lanes*>(values); }

inline __attribute__((always_inline)) float total(Lanes sums) {
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) sums[i] += sums[i + width];
  }
  return sums[0];
}

}  // namespace

CAMSWEEP_MULTIVERSION
void add_products(const float* rows, int64_t count, int64_t chunks, const float* v, float* sum) {
  const Lanes* direction = lanes(v);  // NOLINT
  Lanes* result = lanes(sum);         // NOLINT
  const Lanes* row = lanes(rows);     // NOLINT
  int64_t r = 0;
  for (; r + 4 <= count; r += 4, row += 4 * chunks) {  // four sums at a time hide the latency of each
    Lanes a = {}, b = {}, c = {}, d = {};
    for (int64_t i = 0; i < chunks; ++i) {
      a += row[i] * direction[i];
      b += row[chunks + i] * direction[i];
      c += row[2 * chunks + i] * direction[i];
      d += row[3 * chunks + i] * direction[i];
    }
    const float dot_a = total(a), dot_b = total(b), dot_c = total(c), dot_d = total(d);
    for (int64_t i = 0; i < chunks; ++i) {
      result[i] += dot_a * row[i] + dot_b * row[chunks + i] + dot_c * row[2 * chunks + i] + dot_d * row[3 * chunks + i];
    }
  }
  for (; r < count; ++r, row += chunks) {
    Lanes a = {};
    for (int64_t i = 0; i < chunks; ++i) a += row[i] * direction[i];
    const float dot = total(a);
    for (int64_t i = 0; i < chunks; ++i) result[i] += dot * row[i];
  }
}

CAMSWEEP_MULTIVERSION
void add_rows(const float* rows, int64_t count, int64_t chunks, float* sum) {
  Lanes* result = lanes(sum);  // NOLINT
  for (int64_t r = 0; r < count; ++r) {
    const Lanes* row = lanes(rows) + r * chunks;  // NOLINT
    for (int64_t i = 0; i < chunks; ++i) result[i] += row[i];
  }
}

CAMSWEEP_MULTIVERSION
void subtract(float* rows, int64_t count, int64_t chunks, const float* row) {
  const Lanes* other = lanes(row);  // NOLINT
  for (int64_t r = 0; r < count; ++r) {
    Lanes* own = lanes(rows) + r * chunks;  // NOLINT
    for (int64_t i = 0; i < chunks; ++i) own[i] -= other[i];
  }
}

CAMSWEEP_MULTIVERSION
double sum_of_squares(const float* values, int64_t chunks) {
  double sum = 0;
  for (int64_t first = 0; first < chunks; first += kShort) {
    Lanes part = {};
    const int64_t last = std::min(chunks, first + kShort);
    for (int64_t i = first; i < last; ++i) part += lanes(values)[i] * lanes(values)[i];
    sum += static_cast<double>(total(part));
  }
  return sum;
}

CAMSWEEP_MULTIVERSION
Range range(const float* values, int64_t chunks) {
  Lanes low = lanes(values)[0], high = low;
  for (int64_t i = 1; i < chunks; ++i) {
    const Lanes v = lanes(values)[i];
    low = v < low ? v : low;
    high = v > high ? v : high;
  }
  Range result{low[0], high[0]};
  for (int i = 1; i < kLanes; ++i) result = {std::min(result.low, low[i]), std::max(result.high, high[i])};
  return result;
}

CAMSWEEP_MULTIVERSION
void rescale(float* values, int64_t chunks, float origin, float scale) {
  for (int64_t i = 0; i < chunks; ++i) lanes(values)[i] = (lanes(values)[i] - origin) * scale;
}

}  // namespace camsweep::row_kernels
