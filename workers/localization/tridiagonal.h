#pragma once

#include <vector>

namespace camsweep {

// A symmetric tridiagonal matrix.
struct Tridiagonal {
  std::vector<double> diagonal;
  std::vector<double> off_diagonal;  // one fewer
};

struct LeadingPair {
  double value = 0;
  std::vector<double> vector;  // unit length
};

// Its largest eigenvalue, by bisection on Sturm's sequence, and the eigenvector, by one inverse iteration (Wilkinson).
LeadingPair leading_pair(const Tridiagonal& matrix);

}  // namespace camsweep
