#include "workers/analysis/linear_svm.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace camsweep {
namespace {

// The rows of make_svm_vectors.py, of the first `classes` of three classes.
Examples examples(int classes) {
  Examples result;
  for (int i = 0; i < 36; ++i) {
    if (i % 3 >= classes) continue;
    std::vector<double> row;
    for (int k = 0; k < 4; ++k) row.push_back(((7 * i + 3 * k * k + i * k) % 11) / 11.0 + (i % 3 == k ? 1 : 0));
    result.rows.push_back(std::move(row));
    result.labels.push_back(i % 3);
  }
  return result;
}

bool always() { return true; }

void expect_weights(const LinearSvm& svm, int label, const std::vector<double>& expected) {
  const std::vector<double> weights = svm.weights(label);
  ASSERT_EQ(weights.size(), expected.size());
  // Ours ends at a gradient of 1e-4 of the first, the reference at 1e-10.
  for (size_t k = 0; k < weights.size(); ++k) EXPECT_NEAR(weights[k], expected[k], 1e-3) << label << ' ' << k;
}

// Numbers: scikit-learn's LinearSVC (make_svm_vectors.py).
TEST(LinearSvmTest, OneClassAgainstTheRestHasTheReferencesWeights) {
  const LinearSvm soft = *LinearSvm::train(examples(3), 0.1, 2, always);
  expect_weights(soft, 0, {0.74512439, -0.54187721, -0.54077567, -0.04150817});
  expect_weights(soft, 2, {-0.50334504, -0.43175631, 0.75353915, -0.0976558});
  const LinearSvm hard = *LinearSvm::train(examples(3), 10, 2, always);
  expect_weights(hard, 1, {-1.65808102, 3.69820371, -1.33523058, 1.6555638});
}

TEST(LinearSvmTest, TwoClassesHaveOppositeWeights) {
  const LinearSvm svm = *LinearSvm::train(examples(2), 10, 2, always);

  expect_weights(svm, 1, {-1.97214427, 1.68094947, 0.68742173, 0.36304393});
  expect_weights(svm, 0, {1.97214427, -1.68094947, -0.68742173, -0.36304393});
  expect_weights(svm, 7, {0, 0, 0, 0});
}

TEST(LinearSvmTest, SeparatedClassesAreToldApartAlsoByACopyOnAnotherRank) {
  const Examples all = examples(3);
  const LinearSvm svm = *LinearSvm::train(all, 100, 2, always);
  const LinearSvm copy = LinearSvm::from_bytes(svm.bytes());

  EXPECT_EQ(accuracy(svm, all), 100);
  EXPECT_EQ(accuracy(copy, all), 100);
  EXPECT_EQ(copy.weights(1), svm.weights(1));
}

TEST(StratifiedFoldsTest, EveryClassIsInAllFoldsAlike) {
  std::vector<int> labels;
  for (int i = 0; i < 47; ++i) labels.push_back(i < 20 ? 8 : (i % 3) * 5);

  const std::vector<int> folds = stratified_folds(labels, 5);

  std::map<int, std::array<int, 5>> counts;
  std::array<int, 5> sizes{};
  for (size_t i = 0; i < labels.size(); ++i) {
    ++counts[labels[i]].at(static_cast<size_t>(folds[i]));
    ++sizes.at(static_cast<size_t>(folds[i]));
  }
  for (const auto& [label, per_fold] : counts) {
    const auto [least, most] = std::ranges::minmax(per_fold);
    EXPECT_LE(most - least, 1) << label;
  }
  EXPECT_EQ(sizes, (std::array<int, 5>{10, 10, 9, 9, 9}));
  EXPECT_FALSE(std::is_sorted(folds.begin(), folds.begin() + 5)) << "not shuffled";
}

// Labels that nothing tells: every cost is as good, and the smallest is taken, the same at every call.
TEST(ChooseCostTest, IsTheSmallestOfTheBestAndCallsBackForEveryTraining) {
  Examples constant = examples(3);
  for (std::vector<double>& row : constant.rows) row = {1, 1, 1, 1};
  int steps = 0;

  const auto count = [&steps] { return ++steps > 0; };
  EXPECT_EQ(choose_cost(constant, 5, 1, count), kRelativeCosts[0] / 4);
  EXPECT_EQ(steps, 20 * LinearSvm::steps(/*classes=*/3, /*threads=*/1));
  EXPECT_EQ(choose_cost(examples(3), 5, 1, always), choose_cost(examples(3), 5, 3, always));
}

// A hundred times larger features with a cost of a ten thousandth are the same problem, but for the bias.
TEST(ChooseCostTest, TheScaleOfTheFeaturesDoesNotMatter) {
  Examples large = examples(3);
  for (std::vector<double>& row : large.rows) {
    for (double& value : row) value *= 100;
  }
  EXPECT_NEAR(*choose_cost(large, 5, 1, always) * 1e4, *choose_cost(examples(3), 5, 1, always), 1e-9);
}

TEST(ChooseCostTest, EndsWhenItIsToldTo) {
  int asked = 0;

  EXPECT_FALSE(choose_cost(examples(3), 5, 1, [&asked] { return ++asked < 3; }));
  EXPECT_EQ(asked, 3);
}

TEST(ChooseCostTest, AClassOfOneExampleIsNoFailure) {
  Examples few = examples(2);
  few.rows.resize(3);
  few.labels.resize(3);

  EXPECT_TRUE(choose_cost(few, 5, 1, always));
}

}  // namespace
}  // namespace camsweep
