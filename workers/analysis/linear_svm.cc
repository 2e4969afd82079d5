#include "workers/analysis/linear_svm.h"

#include <linear.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <numeric>
#include <set>

#include "schemas/error.h"
#include "workers/localization/image_pass.h"
#include "workers/localization/parallel.h"

namespace camsweep {
namespace {

// Of the gradient, relative to that at zero and to the class's share of the examples. liblinear's default of 1e-2
// leaves weights that are a third off.
constexpr double kTolerance = 1e-4;

// liblinear's rows: (index from 1, value) of every feature and the bias, ended by index -1.
class Rows {
 public:
  explicit Rows(const Examples& examples) : width_(static_cast<int>(examples.rows.front().size())) {
    const size_t stride = examples.rows.front().size() + 2;
    nodes_.resize(examples.rows.size() * stride);
    for (size_t i = 0; i < examples.rows.size(); ++i) {
      feature_node* const row = &nodes_[i * stride];
      for (int k = 0; k < width_; ++k) row[k] = {k + 1, examples.rows[i][static_cast<size_t>(k)]};
      row[width_] = {width_ + 1, 1.0};
      row[width_ + 1] = {-1, 0.0};
      rows_.push_back(row);
    }
  }

  // With +1 for a class and -1 for the rest in `labels`.
  problem with(std::vector<double>& labels) {
    return {static_cast<int>(rows_.size()), width_ + 1, labels.data(), rows_.data(), 1.0};
  }

 private:
  int width_;
  std::vector<feature_node> nodes_;
  std::vector<feature_node*> rows_;
};

struct FreeModel {
  void operator()(model* trained) const { free_and_destroy_model(&trained); }
};

double mean_squared_norm(const Examples& examples) {
  double sum = 0;
  for (const std::vector<double>& row : examples.rows)
    sum += std::inner_product(row.begin(), row.end(), row.begin(), 0.0);
  return sum > 0 ? sum / static_cast<double>(examples.rows.size()) : 1;
}

bool has_two_classes(const Examples& examples) {
  return std::set<int>(examples.labels.begin(), examples.labels.end()).size() >= 2;
}

// The weights and the bias.
std::vector<double> one_against_rest(Rows& rows, const std::vector<int>& labels, int label, double cost) {
  std::vector<double> signs;
  for (const int other : labels) signs.push_back(other == label ? 1 : -1);
  const problem problem = rows.with(signs);
  const parameter options{.solver_type = L2R_L2LOSS_SVC, .eps = kTolerance, .C = cost};
  const std::unique_ptr<model, FreeModel> trained(train(&problem, &options));
  std::vector<double> weights(trained->w, trained->w + problem.n);
  if (trained->label[0] == 1) return weights;
  for (double& weight : weights) weight = -weight;  // liblinear's are positive for the label it met first
  return weights;
}

// Examples outside and inside part number `fold`.
struct Fold {
  Examples train;
  Examples test;
};

Fold make_fold(const Examples& examples, const std::vector<int>& folds, int fold) {
  Fold result;
  for (size_t i = 0; i < folds.size(); ++i) {
    Examples& part = folds[i] == fold ? result.test : result.train;
    part.rows.push_back(examples.rows[i]);
    part.labels.push_back(examples.labels[i]);
  }
  return result;
}

template <typename Value>
void append(std::string& bytes, const std::vector<Value>& values) {
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Value));
}

}  // namespace

std::optional<LinearSvm> LinearSvm::train(const Examples& examples, double cost, int threads, const GoOn& go_on) {
  CAMSWEEP_CHECK(has_two_classes(examples), "a classifier tells at least two classes apart");
  set_print_string_function([](const char*) {});
  const std::set<int> classes(examples.labels.begin(), examples.labels.end());
  LinearSvm svm;
  svm.width_ = examples.rows.front().size();
  svm.labels_.assign(classes.begin(), classes.end());
  svm.weights_.resize(classes.size() * (svm.width_ + 1));
  Rows rows(examples);
  const auto side_by_side = static_cast<size_t>(threads);
  for (size_t first = 0; first < classes.size(); first += side_by_side) {
    parallel_for(std::min(side_by_side, classes.size() - first), threads, [&](size_t i) {
      const size_t c = first + i;
      const std::vector<double> weights = one_against_rest(rows, examples.labels, svm.labels_[c], cost);
      std::copy(weights.begin(), weights.end(), &svm.weights_[c * (svm.width_ + 1)]);
    });
    if (!go_on()) return std::nullopt;
  }
  return svm;
}

int64_t LinearSvm::steps(size_t classes, int threads) {
  return static_cast<int64_t>((classes + static_cast<size_t>(threads) - 1) / static_cast<size_t>(threads));
}

int LinearSvm::predict(std::span<const double> features) const {
  CAMSWEEP_CHECK(features.size() == width_, "rows are as wide as those of the training");
  size_t best = 0;
  double highest = 0;
  for (size_t c = 0; c < labels_.size(); ++c) {
    const double* const row = &weights_[c * (width_ + 1)];
    double value = row[width_];
    for (size_t k = 0; k < width_; ++k) value += row[k] * features[k];
    if (c > 0 && value <= highest) continue;
    highest = value;
    best = c;
  }
  return labels_[best];
}

std::vector<double> LinearSvm::weights(int label) const {
  const auto found = std::find(labels_.begin(), labels_.end(), label);
  if (found == labels_.end()) return std::vector<double>(width_, 0.0);
  const auto row = weights_.begin() + (found - labels_.begin()) * static_cast<std::ptrdiff_t>(width_ + 1);
  return {row, row + static_cast<std::ptrdiff_t>(width_)};
}

std::string LinearSvm::bytes() const {
  std::string bytes;
  append(bytes, std::vector<size_t>{width_, labels_.size()});
  append(bytes, weights_);
  append(bytes, labels_);
  return bytes;
}

LinearSvm LinearSvm::from_bytes(const std::string& bytes) {
  LinearSvm svm;
  size_t classes = 0;
  const char* at = bytes.data();
  const auto take = [&at](void* into, size_t size) {
    std::memcpy(into, at, size);
    at += size;
  };
  take(&svm.width_, sizeof(size_t));
  take(&classes, sizeof(size_t));
  svm.weights_.resize(classes * (svm.width_ + 1));
  take(svm.weights_.data(), svm.weights_.size() * sizeof(double));
  svm.labels_.resize(classes);
  take(svm.labels_.data(), classes * sizeof(int));
  return svm;
}

double accuracy(const LinearSvm& svm, const Examples& examples) {
  size_t right = 0;
  for (size_t i = 0; i < examples.rows.size(); ++i) right += svm.predict(examples.rows[i]) == examples.labels[i];
  return examples.rows.empty() ? 0 : 100 * static_cast<double>(right) / static_cast<double>(examples.rows.size());
}

std::vector<int> stratified_folds(const std::vector<int>& labels, int folds) {
  std::vector<size_t> order = random_order(labels.size());
  std::ranges::stable_sort(order, {}, [&labels](size_t example) { return labels[example]; });
  std::vector<int> result(labels.size());
  for (size_t i = 0; i < order.size(); ++i) result[order[i]] = static_cast<int>(i % static_cast<size_t>(folds));
  return result;
}

std::optional<double> choose_cost(const Examples& examples, int folds, int threads, const GoOn& go_on) {
  const std::vector<int> fold_of = stratified_folds(examples.labels, folds);
  const double norm = mean_squared_norm(examples);
  std::vector<double> right(std::size(kRelativeCosts), 0.0);
  for (int fold = 0; fold < folds; ++fold) {
    const Fold parts = make_fold(examples, fold_of, fold);
    if (!has_two_classes(parts.train)) continue;
    for (size_t c = 0; c < right.size(); ++c) {
      const auto svm = LinearSvm::train(parts.train, kRelativeCosts[c] / norm, threads, go_on);
      if (!svm) return std::nullopt;
      right[c] += accuracy(*svm, parts.test) * static_cast<double>(parts.test.rows.size());
    }
  }
  return kRelativeCosts[std::max_element(right.begin(), right.end()) - right.begin()] / norm;
}

}  // namespace camsweep
