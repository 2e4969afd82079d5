#include "workers/training/gradient_reducer.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <memory>

#include "schemas/error.h"

namespace camsweep {

// Owned by a parameter; called on the thread of its backward pass once its gradient is accumulated.
struct ReadyHook : torch::autograd::PostAccumulateGradHook {
  ReadyHook(GradientReducer& owner, size_t index) : reducer(owner), parameter(index) {}
  void operator()(const at::Tensor&) override { reducer.ready(parameter); }

  GradientReducer& reducer;
  size_t parameter;
};

GradientReducer::GradientReducer(const std::vector<NamedTensor>& parameters, Collective& collective,
                                 const ReducerOptions& options)
    : collective_(collective), launch_(options.launch) {
  CAMSWEEP_CHECK(!parameters.empty(), "a network has parameters");
  for (auto parameter = parameters.rbegin(); parameter != parameters.rend(); ++parameter) {
    parameters_.push_back(parameter->tensor);
  }
  lay_out(options);
  install_hooks();
}

GradientReducer::~GradientReducer() {
  for (at::Tensor& parameter : parameters_) {
    torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
    parameter.mutable_grad() = at::Tensor();
  }
}

void GradientReducer::lay_out(const ReducerOptions& options) {
  views_.resize(parameters_.size());
  bucket_of_.resize(parameters_.size());
  size_t first = 0;
  int64_t elements = 0;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    elements += parameters_[i].numel();
    const size_t bytes = static_cast<size_t>(elements) * parameters_[i].element_size();
    const bool is_last = i + 1 == parameters_.size();
    if (is_last || bytes >= (buckets_.empty() ? options.first_bucket_bytes : options.bucket_bytes)) {
      make_bucket(first, i + 1, elements, is_last ? options.extra : 0);
      first = i + 1;
      elements = 0;
    }
  }
}

void GradientReducer::make_bucket(size_t first, size_t last, int64_t elements, int64_t extra) {
  const at::NoGradGuard no_grad;
  at::Tensor flat = at::zeros({elements + extra}, parameters_[first].options().requires_grad(false));
  int64_t offset = 0;
  for (size_t i = first; i < last; ++i) {
    // The parameter's own strides keep channels-last weights channels-last, so that accumulation stays in place.
    views_[i] = flat.as_strided(parameters_[i].sizes(), parameters_[i].strides(), offset);
    bucket_of_[i] = buckets_.size();
    offset += parameters_[i].numel();
  }
  extra_ = flat.narrow(0, offset, extra);
  buckets_.push_back({.flat = flat, .parameters = last - first});
}

void GradientReducer::install_hooks() {
  for (size_t i = 0; i < parameters_.size(); ++i) {
    torch::autograd::impl::set_post_acc_grad_hooks(parameters_[i], std::make_unique<ReadyHook>(*this, i));
  }
}

void GradientReducer::begin_step(int passes) {
  for (Bucket& bucket : buckets_) {
    bucket.flat.zero_();
    bucket.pending = bucket.parameters * static_cast<size_t>(passes);
  }
  for (size_t i = 0; i < parameters_.size(); ++i) parameters_[i].mutable_grad() = views_[i];
  next_ = 0;
}

void GradientReducer::ready(size_t parameter) {
  CAMSWEEP_CHECK(parameters_[parameter].grad().data_ptr() == views_[parameter].data_ptr(),
                 "autograd accumulates into the bucket's view");
  --buckets_[bucket_of_[parameter]].pending;
  if (launch_ == ReducerOptions::Launch::kDuringBackward) launch_complete();
}

void GradientReducer::launch_complete() {
  while (next_ < buckets_.size() && buckets_[next_].pending == 0) collective_.all_reduce_sum(buckets_[next_++].flat);
}

void GradientReducer::finish() {
  while (next_ < buckets_.size()) collective_.all_reduce_sum(buckets_[next_++].flat);
  collective_.join();
}

}  // namespace camsweep
