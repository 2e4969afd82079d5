#pragma once

#include <cstdint>

// Loops over rows of float32 in vectors of 16, compiled for AVX-512, AVX2 and plain x86-64; the machine's is chosen
// when the program starts. A row is `chunks` vectors, its last one padded.
namespace camsweep::row_kernels {

inline constexpr int kLanes = 16;

// sum += sum_r (r . v) r over `count` rows.
void add_products(const float* rows, int64_t count, int64_t chunks, const float* v, float* sum);
// sum += sum_r r.
void add_rows(const float* rows, int64_t count, int64_t chunks, float* sum);
// Subtracts one row from each.
void subtract(float* rows, int64_t count, int64_t chunks, const float* row);
double sum_of_squares(const float* values, int64_t chunks);

struct Range {
  float low = 0;
  float high = 0;
};
// Of values without NaN.
Range range(const float* values, int64_t chunks);
// v becomes (v - origin) * scale.
void rescale(float* values, int64_t chunks, float origin, float scale);

}  // namespace camsweep::row_kernels
