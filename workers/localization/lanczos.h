#pragma once

#include <functional>
#include <vector>

namespace camsweep {

using Direction = std::vector<double>;

struct EigenPair {
  double value = 0;
  Direction vector;  // unit length; its sign is arbitrary
};

// The largest eigenvalue of a symmetric positive semidefinite operator of `width` dimensions and its eigenvector, by
// Lanczos' method with full reorthogonalization from a fixed start. Ends where the residual |A v - a v| is at most
// `tolerance` times the eigenvalue.
EigenPair leading_eigenpair(int width, double tolerance, const std::function<Direction(const Direction&)>& apply);

}  // namespace camsweep
