#include "workers/checkpoints/load_weights.h"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "schemas/error.h"
#include "workers/checkpoints/network_parts.h"

namespace camsweep {
namespace {

using Shape = std::vector<int64_t>;

std::string shape_text(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

// [O, I] and [O, I, 1, 1], [C] and [C, 1, 1] are the same weights: sources compute such a layer either way.
bool same_weights(Shape own, Shape stored) {
  Shape& longer = own.size() > stored.size() ? own : stored;
  const Shape& shorter = own.size() > stored.size() ? stored : own;
  if (longer.size() == shorter.size() + 2 && (shorter.size() == 1 || shorter.size() == 2)) {
    while (longer.size() > shorter.size() && longer.back() == 1) longer.pop_back();
  }
  return own == stored;
}

bool other_classes(const Shape& own, const Shape& stored) {
  return own.size() == stored.size() && !own.empty() && own[0] != stored[0] &&
         std::equal(own.begin() + 1, own.end(), stored.begin() + 1);
}

// The parts of "features.N.rest".
struct FeatureName {
  int number = 0;
  std::string rest;
};

std::optional<FeatureName> feature_name(std::string_view name) {
  constexpr std::string_view kPrefix = "features.";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  FeatureName parts;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), parts.number);
  if (error != std::errc()) return std::nullopt;
  parts.rest = std::string(end, name.data() + name.size());
  return parts;
}

std::vector<int> feature_numbers(const auto& named) {
  std::set<int> numbers;
  for (const auto& entry : named) {
    if (const auto feature = feature_name(entry.name)) numbers.insert(feature->number);
  }
  return {numbers.begin(), numbers.end()};
}

// One loading: what goes where is decided first, then everything is copied.
class Loading {
 public:
  Loading(Backbone& backbone, const WeightsFile& file, Strictness strictness)
      : backbone_(backbone),
        file_(file),
        identity_(known_network(file)),
        finetune_(strictness == Strictness::kFinetune),
        state_(backbone.state()) {}

  LoadReport run() {
    check_network();
    find_tensors();
    for (const NamedTensor& entry : state_) place(entry);
    for (const NamedStoredTensor& entry : file_.tensors) account_for(entry);
    for (const std::string& name : file_.unnamed) {
      require_finetuning(name);
      report_.skipped.push_back(name);
    }
    copy();
    return std::move(report_);
  }

 private:
  [[noreturn]] void refuse(const std::string& reason) const {
    throw ConfigError(fmt::format("{}: holds {}, not {} with {} classes: {}", file_.name, describe(identity_),
                                  backbone_.variant().name, backbone_.options().classes, reason));
  }

  void check_network() const {
    const Form form = backbone_.options().form;
    if (identity_.family != backbone_.variant().family) {
      refuse(fmt::format("it lacks '{}'", state_.front().name));
    }
    if (identity_.form == form) return;
    if (form == Form::kTrain) {
      throw ConfigError(fmt::format(
          "{}: holds {}: merged weights cannot be taken apart again, so a network to be trained needs the file of the "
          "training form",
          file_.name, describe(identity_)));
    }
    refuse(fmt::format("a network of the form {} is not loaded from one of the form {}", form_name(form),
                       form_name(identity_.form)));
  }

  // The file's tensors by the network's names. Poolings take numbers among VGG's layers: without one, the layers behind
  // it have lower numbers, but the order is the same.
  void find_tensors() {
    std::map<int, int> moved;
    if (backbone_.variant().family == "vgg") {
      const std::vector<int> theirs = feature_numbers(file_.tensors);
      const std::vector<int> ours = feature_numbers(state_);
      for (size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) moved[theirs[i]] = ours[i];
    }
    for (const NamedStoredTensor& entry : file_.tensors) {
      if (is_left_out(entry)) continue;
      const auto feature = feature_name(entry.name);
      const bool moves = feature && moved.contains(feature->number);
      stored_.emplace(moves ? fmt::format("features.{}{}", moved.at(feature->number), feature->rest) : entry.name,
                      &entry);
    }
  }

  bool is_left_out(const NamedStoredTensor& entry) const {
    return camsweep::is_left_out(entry.name, *identity_.variant, backbone_.variant());
  }

  const Shape* stored_shape(const std::string& name) const {
    const auto found = stored_.find(name);
    return found == stored_.end() ? nullptr : &found->second->tensor.shape;
  }

  // A classifier that was trained behind a final norm means nothing to a network without one, as the paper's are.
  bool foreign_head() const {
    return stored_.contains("norm.weight") && std::ranges::count(state_, "norm.weight", &NamedTensor::name) == 0;
  }

  void place(const NamedTensor& entry) {
    const Shape* stored = stored_shape(entry.name);
    const bool head = finetune_ && is_head(backbone_.variant(), entry.name);
    const Shape own = entry.tensor.sizes().vec();
    if (!stored) {
      if (entry.name.ends_with("num_batches_tracked")) return;
      if (!head) refuse(fmt::format("it lacks '{}'", entry.name));
      report_.left_fresh.push_back(entry.name);
    } else if (head && (foreign_head() || other_classes(own, *stored))) {
      report_.left_fresh.push_back(entry.name);
    } else if (!same_weights(own, *stored)) {
      refuse(fmt::format("'{}' is {} where {} is needed", entry.name, shape_text(*stored), shape_text(own)));
    } else {
      targets_.emplace(stored_.at(entry.name), entry.tensor);
    }
  }

  void account_for(const NamedStoredTensor& entry) {
    if (targets_.contains(&entry)) return;
    if (!is_left_out(entry)) require_finetuning(entry.name);
    report_.skipped.push_back(entry.name);
  }

  void require_finetuning(const std::string& name) const {
    if (!finetune_) refuse(fmt::format("it holds '{}', which the network has not", name));
  }

  void copy() const {
    const at::NoGradGuard no_grad;
    for (const NamedStoredTensor& entry : file_.tensors) {
      if (const auto target = targets_.find(&entry); target != targets_.end()) entry.tensor.copy_to(target->second);
    }
  }

  Backbone& backbone_;
  const WeightsFile& file_;
  const NetworkIdentity& identity_;
  bool finetune_;
  std::vector<NamedTensor> state_;
  std::map<std::string, const NamedStoredTensor*> stored_;
  std::map<const NamedStoredTensor*, at::Tensor> targets_;
  LoadReport report_;
};

}  // namespace

LoadReport load_weights(Backbone& backbone, const WeightsFile& file, Strictness strictness) {
  return Loading(backbone, file, strictness).run();
}

}  // namespace camsweep
