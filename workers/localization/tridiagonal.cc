#include "workers/localization/tridiagonal.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "schemas/error.h"

namespace camsweep {
namespace {

// Pivots of T - shift I without exchanges; empty where one is not negative: the shift is then below an eigenvalue.
std::vector<double> negative_pivots(const Tridiagonal& matrix, double shift) {
  std::vector<double> pivots;
  for (size_t i = 0; i < matrix.diagonal.size(); ++i) {
    const double below = i == 0 ? 0 : matrix.off_diagonal[i - 1];
    const double pivot = matrix.diagonal[i] - shift - (i == 0 ? 0 : below * below / pivots.back());
    if (!(pivot < 0)) return {};
    pivots.push_back(pivot);
  }
  return pivots;
}

// An upper bound by Gershgorin's circles.
double bound(const Tridiagonal& matrix) {
  double high = -std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < matrix.diagonal.size(); ++i) {
    const double left = i > 0 ? std::abs(matrix.off_diagonal[i - 1]) : 0;
    const double right = i < matrix.off_diagonal.size() ? std::abs(matrix.off_diagonal[i]) : 0;
    high = std::max(high, matrix.diagonal[i] + left + right);
  }
  return high;
}

// Solves (T - shift I) x = x in place and scales x to unit length.
void iterate(const Tridiagonal& matrix, const std::vector<double>& pivots, std::vector<double>& x) {
  const std::vector<double>& off = matrix.off_diagonal;
  for (size_t i = 1; i < x.size(); ++i) x[i] -= off[i - 1] / pivots[i - 1] * x[i - 1];
  x.back() /= pivots.back();
  for (size_t i = x.size() - 1; i-- > 0;) x[i] = (x[i] - off[i] * x[i + 1]) / pivots[i];
  double squares = 0;
  for (const double value : x) squares += value * value;
  for (double& value : x) value /= std::sqrt(squares);
}

}  // namespace

LeadingPair leading_pair(const Tridiagonal& matrix) {
  double low = *std::max_element(matrix.diagonal.begin(), matrix.diagonal.end());
  double high = bound(matrix);
  high += std::abs(high) * 1e-14 + std::numeric_limits<double>::min();  // so that the pivots there are negative
  for (;;) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high || high - low <= 1e-15 * std::abs(high)) break;
    (negative_pivots(matrix, middle).empty() ? low : high) = middle;
  }
  LeadingPair pair{low, std::vector<double>(matrix.diagonal.size(), 1.0)};
  const std::vector<double> pivots = negative_pivots(matrix, high);
  CAMSWEEP_CHECK(!pivots.empty(), "a shift above all eigenvalues leaves negative pivots");
  for (int pass = 0; pass < 2; ++pass) iterate(matrix, pivots, pair.vector);
  return pair;
}

}  // namespace camsweep
