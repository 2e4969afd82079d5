#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace camsweep {

// Rows of features with the class of each.
struct Examples {
  std::vector<std::vector<double>> rows;
  std::vector<int> labels;
};

// Whether a long computation shall go on.
using GoOn = std::function<bool()>;

// One linear classifier per class against the rest: squared hinge loss with L2 regularization, the bias being the
// weight of a feature that is 1, minimized by liblinear's trust-region Newton method (Fan et al., "LIBLINEAR: A Library
// for Large Linear Classification", JMLR 2008), which draws no random numbers.
class LinearSvm {
 public:
  // `cost` is the C of the loss. The examples have at least two classes, of which `threads` at a time are trained side
  // by side; what is found does not depend on it. `go_on` is asked after each time; none once it says no.
  static std::optional<LinearSvm> train(const Examples& examples, double cost, int threads, const GoOn& go_on);
  // How often a training of so many classes asks.
  static int64_t steps(size_t classes, int threads);

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

// The values that are tried of the cost times the rows' mean squared norm: what a network scales its features with does
// not matter then. Higher ones take long where classes can be separated.
inline constexpr double kRelativeCosts[] = {0.01, 0.1, 1, 10};

// The fold, from 0, of each example: shuffled with seed 0, each class spread over the folds as evenly as it can be.
std::vector<int> stratified_folds(const std::vector<int>& labels, int folds);

// The smallest of these costs with the highest accuracy in cross-validation over stratified_folds(). A fold without
// which fewer than two classes are left does not count. `go_on` as in LinearSvm::train().
std::optional<double> choose_cost(const Examples& examples, int folds, int threads, const GoOn& go_on);

}  // namespace camsweep
