#include "workers/analysis/linear_svm.h"

#include <linear.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <memory>
#include <set>

#include "schemas/error.h"
#include "workers/localization/image_pass.h"

namespace camsweep {
namespace {

constexpr double kTolerance = 1e-6;  // of the gradient, relative to that at zero: steps are few, weights become images

// liblinear's rows: (index from 1, value) of every feature and the bias, ended by index -1.
class Problem {
 public:
  explicit Problem(const Examples& examples) {
    const size_t width = examples.rows.front().size();
    const size_t stride = width + 2;
    nodes_.resize(examples.rows.size() * stride);
    for (size_t i = 0; i < examples.rows.size(); ++i) {
      feature_node* const row = &nodes_[i * stride];
      for (size_t k = 0; k < width; ++k) row[k] = {static_cast<int>(k) + 1, examples.rows[i][k]};
      row[width] = {static_cast<int>(width) + 1, 1.0};
      row[width + 1] = {-1, 0.0};
      rows_.push_back(row);
      labels_.push_back(examples.labels[i]);
    }
    problem_ = {static_cast<int>(rows_.size()), static_cast<int>(width) + 1, labels_.data(), rows_.data(), 1.0};
  }
  const problem* get() const { return &problem_; }

 private:
  std::vector<feature_node> nodes_;
  std::vector<feature_node*> rows_;
  std::vector<double> labels_;
  problem problem_{};
};

struct FreeModel {
  void operator()(model* trained) const { free_and_destroy_model(&trained); }
};

bool has_two_classes(const Examples& examples) {
  return std::set<int>(examples.labels.begin(), examples.labels.end()).size() >= 2;
}

// Examples outside and inside part number `fold`.
struct Fold {
  Examples train;
  Examples test;
};

Fold make_fold(const Examples& examples, const std::vector<size_t>& order, int fold, int folds) {
  Fold result;
  for (size_t i = 0; i < order.size(); ++i) {
    Examples& part = static_cast<int>(i) % folds == fold ? result.test : result.train;
    part.rows.push_back(examples.rows[order[i]]);
    part.labels.push_back(examples.labels[order[i]]);
  }
  return result;
}

template <typename Value>
void append(std::string& bytes, const std::vector<Value>& values) {
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(Value));
}

}  // namespace

LinearSvm LinearSvm::train(const Examples& examples, double cost) {
  CAMSWEEP_CHECK(has_two_classes(examples), "a classifier tells at least two classes apart");
  set_print_string_function([](const char*) {});
  const Problem problem(examples);
  const parameter options{.solver_type = L2R_L2LOSS_SVC, .eps = kTolerance, .C = cost};
  const std::unique_ptr<model, FreeModel> trained(::train(problem.get(), &options));
  LinearSvm svm;
  svm.width_ = examples.rows.front().size();
  svm.labels_.assign(trained->label, trained->label + trained->nr_class);
  const bool shared = trained->nr_class == 2;  // one row, positive for the first class
  const int rows = shared ? 1 : trained->nr_class;
  for (int c = 0; c < trained->nr_class; ++c) {
    for (size_t k = 0; k <= svm.width_; ++k) {
      const double weight = trained->w[static_cast<int>(k) * rows + (shared ? 0 : c)];
      svm.weights_.push_back(shared && c == 1 ? -weight : weight);
    }
  }
  return svm;
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

double choose_cost(const Examples& examples, int folds, const std::function<void()>& step) {
  const std::vector<size_t> order = random_order(examples.rows.size());
  std::vector<double> right(std::size(kCosts), 0.0);
  for (int fold = 0; fold < folds; ++fold) {
    const Fold parts = make_fold(examples, order, fold, folds);
    for (size_t c = 0; c < std::size(kCosts); ++c, step()) {
      if (!has_two_classes(parts.train)) continue;
      right[c] +=
          accuracy(LinearSvm::train(parts.train, kCosts[c]), parts.test) * static_cast<double>(parts.test.rows.size());
    }
  }
  return kCosts[std::max_element(right.begin(), right.end()) - right.begin()];
}

}  // namespace camsweep
