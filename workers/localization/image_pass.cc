#include "workers/localization/image_pass.h"

#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <numeric>
#include <utility>

#include "schemas/error.h"
#include "schemas/hash.h"
#include "schemas/json.h"
#include "workers/data/random.h"
#include "workers/localization/parallel.h"

namespace camsweep {
namespace {

enum class StepState : int64_t { kGo = 0, kStop = 1, kFailed = 2 };

struct Share {
  const AnalysisInput& input;
  Split split;
  const std::vector<size_t>& samples;
  const PassOptions& options;
  int rank;
  int ranks;
  int threads;
};

// The first sample of a step's share of this rank, as an index into Share::samples.
size_t first_of(const Share& share, int64_t step) {
  return (static_cast<size_t>(step) * static_cast<size_t>(share.ranks) + static_cast<size_t>(share.rank)) *
         static_cast<size_t>(share.options.batch);
}

// Throws ImageError naming the image and the box where the options say so.
void check_boxes(const Share& share, const Sample& sample, FrameSize size) {
  if (share.options.boxes == PassOptions::Boxes::kIgnored) return;
  const std::string objection = box_outside(sample, size);
  if (!objection.empty()) throw ImageError(objection);
}

// Throws ImageError.
ImageBatch decode(const Share& share, int64_t step) {
  const size_t first = std::min(first_of(share, step), share.samples.size());
  const size_t last = std::min(first + static_cast<size_t>(share.options.batch), share.samples.size());
  const int side = share.options.side;
  ImageBatch batch;
  batch.images = zero_inputs(*share.input.dataset, share.options.batch, side);
  batch.samples.assign(share.samples.begin() + static_cast<std::ptrdiff_t>(first),
                       share.samples.begin() + static_cast<std::ptrdiff_t>(last));
  batch.sizes.resize(batch.samples.size());
  parallel_for(batch.samples.size(), share.threads, [&](size_t i) {
    const Dataset& dataset = *share.input.dataset;
    const Sample& sample = dataset.samples(share.split)[batch.samples[i]];
    if (dataset.signal_length() > 0) {
      batch.sizes[i] = {1, dataset.signal_length()};
      batch.images[static_cast<int64_t>(i)].copy_(to_input(dataset.signal(sample)));
      return;
    }
    Image image = dataset.image(sample);
    batch.sizes[i] = {image.width, image.height};
    check_boxes(share, sample, batch.sizes[i]);
    if (!share.options.crops.empty()) {
      image = resize(image, share.options.crops[batch.samples[i]], side, side, share.options.filter);
    }
    if (share.options.filter != Filter::kBilinear) image = resize(image, side, side, share.options.filter);
    batch.images[static_cast<int64_t>(i)].copy_(to_input(image, side, share.input.normalization));
  });
  return batch;
}

// Lists whose first item is a sample's index. MessagePack keeps doubles as they are, NaN too.
std::vector<Json> gather_by_sample(Collective& collective, const Json& own) {
  const std::vector<uint8_t> packed = Json::to_msgpack(own);
  std::vector<Json> merged;
  for (const std::string& part : collective.gather_bytes({packed.begin(), packed.end()})) {
    for (Json& entry : Json::from_msgpack(part)) merged.push_back(std::move(entry));
  }
  std::stable_sort(merged.begin(), merged.end(),
                   [](const Json& a, const Json& b) { return a[0].get<size_t>() < b[0].get<size_t>(); });
  return merged;
}

}  // namespace

Normalization normalization(const ModelCard& card) {
  Normalization result;
  std::transform(card.mean.begin(), card.mean.end(), result.mean.begin(),
                 [](double v) { return static_cast<float>(v); });
  std::transform(card.std.begin(), card.std.end(), result.std.begin(), [](double v) { return static_cast<float>(v); });
  return result;
}

at::MemoryFormat place(Backbone& backbone, c10::Device device) {
  const bool channels_last = device.is_cuda() || prefers_channels_last(backbone.variant());
  backbone.to(device, channels_last);
  return channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

AnalysisInput analysis_input(Model model, std::unique_ptr<Dataset> dataset, c10::Device device) {
  if (dataset->samples(Split::kTest).empty()) throw AnalysisFailure{{"data", false, "the test split has no image"}};
  AnalysisInput input{std::move(model), std::move(dataset), {}, {}};
  input.normalization = normalization(input.model.card);
  input.format = place(*input.model.backbone, device);
  return input;
}

AnalysisInput open_analysis(const JobContext& context) {
  const auto weights = context.assignment.inputs.find("weights");
  if (weights == context.assignment.inputs.end()) {
    throw AnalysisFailure{{"input", false, "the assignment names no weights to analyse"}};
  }
  const std::string found = sha256_file(weights->second.path);
  if (found != weights->second.sha256) {
    throw AnalysisFailure{{"input", false,
                           fmt::format("{}: its SHA-256 is {}, but the accepted weights have {}", weights->second.path,
                                       found, weights->second.sha256)}};
  }
  return analysis_input(read_model(weights->second.path), load_dataset(context.assignment.dataset), context.device);
}

JobEnd run_analysis(const std::function<JobEnd()>& analysis) {
  try {
    return analysis();
  } catch (const AnalysisFailure& end) {
    return end.failure;
  } catch (const AnalysisStopped&) {
    return JobStopped{};
  }
}

void PassProgress::step(int64_t images) {
  ++done_;
  images_ += images;
  context_.reporter.progress(0, done_, steps_, images_per_s());
}

double PassProgress::images_per_s() const {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - started_;
  const double seconds = elapsed.count();
  return seconds > 0 ? static_cast<double>(images_) / seconds : 0;
}

int64_t pass_steps(size_t images, int batch, const Collective& collective) {
  const auto per_step = static_cast<size_t>(batch) * static_cast<size_t>(collective.size());
  return static_cast<int64_t>((images + per_step - 1) / per_step);
}

void for_each_batch(JobContext& context, const AnalysisInput& input, Split split, const std::vector<size_t>& samples,
                    const PassOptions& options, PassProgress& progress,
                    const std::function<void(const ImageBatch&)>& handle) {
  Collective& collective = context.collective;
  const Share share{input, split, samples, options, collective.rank(), collective.size(), context.threads};
  const int64_t steps = pass_steps(samples.size(), options.batch, collective);
  const auto start = [&share](int64_t step) { return std::async(std::launch::async, decode, std::cref(share), step); };
  std::future<ImageBatch> next;
  if (steps > 0) next = start(0);
  for (int64_t step = 0; step < steps; ++step) {
    ImageBatch batch;
    std::string error;
    try {
      batch = next.get();
    } catch (const ImageError& damaged) {
      error = damaged.what();
    }
    const bool stop = context.stop.load() != StopRequest::kNone;
    const auto own = !error.empty() ? StepState::kFailed : stop ? StepState::kStop : StepState::kGo;
    const auto all = static_cast<StepState>(collective.max(static_cast<int64_t>(own)));
    if (all == StepState::kStop) throw AnalysisStopped{};
    if (all == StepState::kFailed) throw AnalysisFailure{{"data", false, shared_text(collective, error)}};
    if (step + 1 < steps) next = start(step + 1);
    batch.images = batch.images.to(context.device).contiguous(input.format);
    handle(batch);
    const int64_t done = static_cast<int64_t>(batch.samples.size());
    progress.step(done * collective.size());
  }
}

std::vector<size_t> all_samples(size_t count) {
  std::vector<size_t> samples(count);
  std::iota(samples.begin(), samples.end(), size_t{0});
  return samples;
}

std::vector<size_t> random_order(size_t count) {
  std::vector<size_t> samples = all_samples(count);
  Random random(/*seed=*/0, Purpose::kOrder, /*epoch=*/0, /*index=*/0);
  for (size_t i = 0; i + 1 < count; ++i) {  // Fisher and Yates
    const auto other = random.integer(static_cast<int64_t>(i), static_cast<int64_t>(count) - 1);
    std::swap(samples[i], samples[static_cast<size_t>(other)]);
  }
  return samples;
}

std::vector<size_t> first_samples(std::vector<size_t> order, size_t count) {
  order.resize(std::min(count, order.size()));
  return order;
}

std::vector<size_t> spread_samples(size_t count, size_t of) {
  if (count >= of) return all_samples(of);
  std::vector<size_t> samples;
  for (size_t i = 0; i < count; ++i) samples.push_back(i * of / count);
  return samples;
}

std::vector<SampleLine> gather_in_order(Collective& collective, const std::vector<SampleLine>& own) {
  Json entries = Json::array();
  for (const SampleLine& entry : own)
    entries.push_back({entry.sample, entry.line, entry.size.width, entry.size.height});
  std::vector<SampleLine> merged;
  for (const Json& entry : gather_by_sample(collective, entries)) {
    merged.push_back({entry[0], entry[1], {entry[2], entry[3]}});
  }
  return merged;
}

std::vector<SampleValues> gather_in_order(Collective& collective, const std::vector<SampleValues>& own) {
  Json entries = Json::array();
  for (const SampleValues& entry : own) entries.push_back({entry.sample, entry.values});
  std::vector<SampleValues> merged;
  for (const Json& entry : gather_by_sample(collective, entries)) merged.push_back({entry[0], entry[1]});
  return merged;
}

}  // namespace camsweep
