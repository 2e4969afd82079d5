#include "workers/localization/lanczos.h"

#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>

#include "workers/localization/tridiagonal.h"

namespace camsweep {
namespace {

double dot(const Direction& a, const Direction& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

// y += factor * x.
void add_scaled(Direction& y, double factor, const Direction& x) {
  for (size_t i = 0; i < y.size(); ++i) y[i] += factor * x[i];
}

void scale(Direction& x, double factor) {
  for (double& value : x) value *= factor;
}

// Irregular, so that no pattern of positions is orthogonal to it.
Direction start(int width) {
  Direction v(static_cast<size_t>(width));
  uint32_t state = 1;
  for (double& value : v) {
    state = state * 1664525u + 1013904223u;  // Knuth's generator
    value = 0.5 + static_cast<double>(state) / 4294967296.0;
  }
  scale(v, 1 / std::sqrt(dot(v, v)));
  return v;
}

Direction combine(const std::vector<Direction>& basis, const std::vector<double>& weights) {
  Direction sum(basis.front().size(), 0.0);
  for (size_t i = 0; i < basis.size(); ++i) add_scaled(sum, weights[i], basis[i]);
  scale(sum, 1 / std::sqrt(dot(sum, sum)));
  return sum;
}

}  // namespace

EigenPair leading_eigenpair(int width, double tolerance, const std::function<Direction(const Direction&)>& apply) {
  std::vector<Direction> basis = {start(width)};
  Tridiagonal projected;
  for (;;) {
    Direction next = apply(basis.back());
    projected.diagonal.push_back(dot(next, basis.back()));
    for (int pass = 0; pass < 2; ++pass) {  // twice is enough (Parlett 1980)
      for (const Direction& v : basis) add_scaled(next, -dot(next, v), v);
    }
    const double norm = std::sqrt(dot(next, next));
    const LeadingPair pair = leading_pair(projected);
    const double residual = norm * std::abs(pair.vector.back());
    if (residual <= tolerance * pair.value || basis.size() == static_cast<size_t>(width)) {
      return {pair.value, combine(basis, pair.vector)};
    }
    scale(next, 1 / norm);
    basis.push_back(std::move(next));
    projected.off_diagonal.push_back(norm);
  }
}

}  // namespace camsweep
