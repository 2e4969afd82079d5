#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <string>
#include <vector>

#include "schemas/error.h"
#include "workers/backbones/backbone.h"
#include "workers/gang/collective.h"
#include "workers/gang/mpi_collective.h"
#include "workers/gang/mpi_world.h"
#include "workers/training/autocast.h"
#include "workers/training/gradient_reducer.h"
#include "workers/training/optimizer.h"

// One training step (forward, backward, AdamW) of a network on random images, as a Trainer takes it; under mpirun as
// each rank of a gang takes it, with the sum of gradients:
//   step BACKBONE BATCH SIDE STEPS THREADS float32|bf16
// prints the fastest and the median step in ms, the loss after them, and a sum over the weights.
namespace camsweep {
namespace {

struct Options {
  std::string backbone;
  int64_t batch;
  int64_t side;
  int steps;
  bool bfloat16;
};

class Step {
 public:
  Step(const Options& options, Collective& collective)
      : options_(options),
        backbone_(make_backbone(find_backbone(options.backbone), {.classes = 1000, .head = HeadKind::kImagenet})),
        channels_last_(prefers_channels_last(backbone_->variant())),
        collective_(collective) {
    backbone_->initialize(0);
    backbone_->to(at::kCPU, channels_last_);
    for (const NamedTensor& parameter : backbone_->parameters()) parameter.tensor.requires_grad_(true);
    optimizer_.emplace(parameter_groups(backbone_->parameters(), backbone_->layer_groups(), {.weight_decay = 0.05}),
                       OptimizerOptions{});
    reducer_.emplace(backbone_->parameters(), collective_, ReducerOptions{});
    at::manual_seed(static_cast<uint64_t>(collective.rank()));
    const auto format = channels_last_ ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
    images_ = at::randn({options.batch, 3, options.side, options.side}).contiguous(format);
    labels_ = at::randint(1000, {options.batch}, at::kLong);
    for (int64_t i = 0; i < options.batch; ++i) samples_.push_back(static_cast<size_t>(i));
  }

  // Milliseconds; `loss_` is that of the weights before it.
  double run() {
    const auto start = std::chrono::steady_clock::now();
    const ForwardContext context{.training = true, .samples = samples_};
    reducer_->begin_step();
    at::Tensor loss;
    {
      const Autocast autocast(at::kCPU, options_.bfloat16);
      const at::Tensor logits = backbone_->classify(backbone_->features(images_, context), context);
      loss = at::cross_entropy_loss(logits.to(at::kFloat), labels_);
    }
    (loss / collective_.size()).backward();
    reducer_->finish();
    optimizer_->step(1e-4);
    loss_ = loss.item<double>();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  }

  double loss() const { return loss_; }
  // The same on every rank that took the same steps.
  double weights_sum() const {
    double sum = 0;
    for (const NamedTensor& parameter : backbone_->parameters()) {
      sum += parameter.tensor.detach().sum(at::kDouble).item<double>();
    }
    return sum;
  }

 private:
  Options options_;
  std::unique_ptr<Backbone> backbone_;
  bool channels_last_;
  Collective& collective_;
  std::optional<Optimizer> optimizer_;
  std::optional<GradientReducer> reducer_;
  at::Tensor images_;
  at::Tensor labels_;
  std::vector<size_t> samples_;
  double loss_ = 0;
};

void measure(const Options& options, Collective& collective) {
  Step step(options, collective);
  step.run();
  std::vector<double> times;
  for (int i = 0; i < options.steps; ++i) times.push_back(step.run());
  std::sort(times.begin(), times.end());
  const std::string weights = fmt::format("{:.17g}", step.weights_sum());
  for (const std::string& other : collective.gather_bytes(weights)) {
    CAMSWEEP_CHECK(other == weights, "ranks of a gang hold the same weights");
  }
  if (collective.rank() != 0) return;
  fmt::print("{{\"best_ms\": {:.1f}, \"median_ms\": {:.1f}, \"loss\": {:.4f}, \"weights\": {}}}\n", times.front(),
             times[times.size() / 2], step.loss(), weights);
}

}  // namespace
}  // namespace camsweep

int main(int, char** arguments) {
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);  // as a rank sets it
  ::mallopt(M_TRIM_THRESHOLD, INT_MAX);
  at::set_num_threads(std::stoi(arguments[5]));
  const camsweep::MpiWorld world(camsweep::promised_world_size());
  const auto collective = world.size() > 1 ? camsweep::make_mpi_collective(world) : camsweep::make_single_collective();
  camsweep::measure({arguments[1], std::stol(arguments[2]), std::stol(arguments[3]), std::stoi(arguments[4]),
                     std::string(arguments[6]) == "bf16"},
                    *collective);
}
