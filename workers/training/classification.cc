#include "workers/training/classification.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace camsweep {
namespace {

struct Sums {
  int64_t top1 = 0;
  int64_t top5 = 0;
  double loss = 0;
  int64_t images = 0;
};

void add_batch(Sums& sums, const at::Tensor& logits, const at::Tensor& labels) {
  const at::Tensor scores = logits.to(at::kDouble).cpu();
  const at::Tensor expected = labels.cpu();
  const int64_t candidates = std::min<int64_t>(5, scores.size(1));
  const at::Tensor hits = std::get<1>(scores.topk(candidates, 1)).eq(expected.unsqueeze(1));  // (n, candidates)
  sums.top1 += hits.select(1, 0).sum().item<int64_t>();
  sums.top5 += hits.any(1).sum().item<int64_t>();
  sums.loss += at::cross_entropy_loss(scores, expected, {}, at::Reduction::Sum).item<double>();
  sums.images += expected.size(0);
}

// Adds up in rank order, so that every rank and every run gets the same digits.
Sums merge(const Sums& own, Collective& collective) {
  const std::string bytes(reinterpret_cast<const char*>(&own), sizeof own);
  Sums total;
  for (const std::string& part : collective.gather_bytes(bytes)) {
    Sums sums;
    std::copy_n(part.data(), sizeof sums, reinterpret_cast<char*>(&sums));
    total.top1 += sums.top1;
    total.top5 += sums.top5;
    total.loss += sums.loss;
    total.images += sums.images;
  }
  const std::string merged =
      collective.broadcast_bytes(std::string(reinterpret_cast<const char*>(&total), sizeof total));
  std::copy_n(merged.data(), sizeof total, reinterpret_cast<char*>(&total));
  return total;
}

enum class StepState : int64_t { kGo = 0, kStop = 1, kFailed = 2 };

// What the loader gave this rank for a step.
struct Next {
  Batch batch;
  std::string error;  // not empty: there is no batch
};

// None at the end of the split. A rank without its batch still has a step to take part in.
std::optional<Next> take_next(Loader& loader) {
  try {
    std::optional<Batch> batch = loader.next();
    if (!batch) return std::nullopt;
    return Next{std::move(*batch), ""};
  } catch (const ImageError& damaged) {
    return Next{{}, damaged.what()};
  }
}

// The gang's decision about a step: the worst that a rank has to say.
StepState agree(const Next& next, const JobContext& context) {
  const bool stop = context.stop.load() != StopRequest::kNone;
  const StepState own = !next.error.empty() ? StepState::kFailed : stop ? StepState::kStop : StepState::kGo;
  return static_cast<StepState>(context.collective.max(static_cast<int64_t>(own)));
}

}  // namespace

Classification classify_split(Backbone& backbone, const Dataset& dataset, Split split,
                              const ClassificationOptions& options, JobContext& context) {
  const at::NoGradGuard no_grad;
  Collective& collective = context.collective;
  Loader loader(dataset, split,
                {.side = options.side,
                 .normalization = options.normalization,
                 .augmentation = options.view,
                 .batch = options.batch,
                 .rank = collective.rank(),
                 .ranks = collective.size(),
                 .threads = context.threads});
  loader.start_epoch(0);
  Sums sums;
  while (const std::optional<Next> next = take_next(loader)) {
    switch (agree(*next, context)) {
      case StepState::kGo:
        break;
      case StepState::kStop:
        return JobStopped{};
      case StepState::kFailed:
        return JobFailure{.kind = "data", .retryable = false, .text = shared_text(collective, next->error)};
    }
    const Batch& batch = next->batch;
    if (batch.images.size(0) > 0) {
      const auto format = options.channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
      const at::Tensor images = batch.images.to(context.device).contiguous(format);
      add_batch(sums, backbone.classify(backbone.features(images, {}), {}), batch.labels);
    }
    options.batch_done();
  }
  const Sums total = merge(sums, collective);
  const double images = static_cast<double>(std::max<int64_t>(1, total.images));
  return ClassificationScores{.top1 = 100 * static_cast<double>(total.top1) / images,
                              .top5 = 100 * static_cast<double>(total.top5) / images,
                              .loss = total.loss / images,
                              .images = total.images};
}

}  // namespace camsweep
