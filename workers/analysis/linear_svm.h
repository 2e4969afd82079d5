#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace camsweep {

// Rows of features with the class of each.
struct Examples {
  std::vector<std::vector<double>> rows;
  std::vector<int> labels;
};

// One linear classifier per class against the rest (two classes share one): L2-regularized squared hinge loss, the
// bias being the weight of a feature that is 1, minimized by liblinear's trust-region Newton method (Fan et al.,
// "LIBLINEAR: A Library for Large Linear Classification", JMLR 2008), which draws no random numbers.
class LinearSvm {
 public:
  // `cost` is the C of the loss. The examples have at least two classes.
  static LinearSvm train(const Examples& examples, double cost);

  // The class with the highest decision value.
  int predict(std::span<const double> features) const;
  // Weights of a class of the training, without the bias; of any other one zeros.
  std::vector<double> weights(int label) const;

  // As bytes for other ranks.
  std::string bytes() const;
  static LinearSvm from_bytes(const std::string& bytes);

 private:
  size_t width_ = 0;
  std::vector<int> labels_;
  std::vector<double> weights_;  // per class: width_ weights and the bias
};

// Percent of the examples whose class is predicted.
double accuracy(const LinearSvm& svm, const Examples& examples);

// The costs that are tried.
inline constexpr double kCosts[] = {0.01, 0.1, 1, 10, 100};

// The smallest of kCosts with the highest accuracy in cross-validation over `folds` parts of the examples, shuffled
// with seed 0. A part without which fewer than two classes are left does not count. `step` is called after each
// training.
double choose_cost(const Examples& examples, int folds, const std::function<void()>& step);

}  // namespace camsweep
