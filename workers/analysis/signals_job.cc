#include "workers/analysis/signals_job.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "schemas/csv.h"
#include "workers/analysis/signals.h"
#include "workers/localization/artifacts.h"
#include "workers/localization/colour_map.h"

namespace camsweep {
namespace {

constexpr size_t kExamplesPerClass = 8;

std::optional<Segment> segment_of(const Sample& sample) {
  if (sample.boxes.empty()) return std::nullopt;
  return Segment{sample.boxes[0].y0, sample.boxes[0].y1};
}

// The samples that are drawn, class by class, spread over the split.
std::vector<std::vector<size_t>> example_samples(const Dataset& dataset) {
  const std::vector<Sample>& all = dataset.samples(Split::kTest);
  std::vector<std::vector<size_t>> examples(static_cast<size_t>(dataset.classes()));
  for (size_t label = 0; label < examples.size(); ++label) {
    std::vector<size_t> own;
    for (size_t i = 0; i < all.size(); ++i) {
      if (all[i].label == static_cast<int>(label)) own.push_back(i);
    }
    for (const size_t i : spread_samples(kExamplesPerClass, own.size())) examples[label].push_back(own[i]);
  }
  return examples;
}

// A signal's predicted class and that class's map, at the map's own length.
struct SignalMap {
  size_t sample = 0;
  int predicted = 0;
  std::vector<double> map;
};

std::vector<SignalMap> measure(JobContext& context, const AnalysisInput& input) {
  const at::NoGradGuard no_grad;
  Backbone& backbone = *input.model.backbone;
  const std::vector<size_t> samples = all_samples(input.dataset->samples(Split::kTest).size());
  const PassOptions pass{.side = input.model.card.resolution, .batch = 128};
  PassProgress progress(context, pass_steps(samples.size(), pass.batch, context.collective));
  std::vector<SampleValues> own;
  for_each_batch(context, input, Split::kTest, samples, pass, progress, [&](const ImageBatch& batch) {
    const at::Tensor maps = backbone.features(batch.images, {});
    const at::Tensor predicted = backbone.classify(maps, {}).argmax(1);
    const at::Tensor weights = backbone.classifier_weight().index_select(0, predicted);  // (n, K)
    const at::Tensor cams = at::einsum("nkl,nk->nl", {maps.flatten(2), weights}).to(at::kCPU, at::kDouble).contiguous();
    const at::Tensor labels = predicted.cpu();
    for (size_t i = 0; i < batch.samples.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      SampleValues& values = own.emplace_back(SampleValues{batch.samples[i], {labels[row].item<double>()}});
      const double* cam = cams[row].const_data_ptr<double>();
      values.values.insert(values.values.end(), cam, cam + cams.size(1));
    }
  });
  std::vector<SignalMap> merged;
  for (const SampleValues& values : gather_in_order(context.collective, own)) {
    merged.push_back(
        {values.sample, static_cast<int>(values.values[0]), {values.values.begin() + 1, values.values.end()}});
  }
  return merged;
}

// What the table and the metrics say of all signals.
class SignalScores {
 public:
  explicit SignalScores(const Dataset& dataset)
      : dataset_(dataset), table_("signal,label,predicted,iou,peak_inside\n") {}

  void add(const SignalMap& found) {
    const Sample& sample = dataset_.samples(Split::kTest)[found.sample];
    fmt::format_to(std::back_inserter(table_), "{},{},{}", csv_field(sample.id), sample.label, found.predicted);
    const bool right = found.predicted == sample.label;
    right_ += right;
    ++signals_;
    std::optional<SegmentScore> score;
    if (const std::optional<Segment> truth = segment_of(sample); truth && right) {
      score = score_segment(raise_along(found.map, dataset_.signal_length()), *truth);
      empty_maps_ += !score;
    }
    if (score) {
      fmt::format_to(std::back_inserter(table_), ",{:.6f},{}\n", score->iou, score->peak_inside ? 1 : 0);
      iou_ += score->iou;
      inside_ += score->peak_inside;
      ++scored_;
    } else {
      table_ += ",,\n";
    }
  }

  const std::string& table() const { return table_; }
  std::vector<Metric> metrics() const {
    std::vector<Metric> metrics = {{"signals.accuracy", {}, percent(right_, signals_)},
                                   {"signals.signals", {}, signals_},
                                   {"signals.scored", {}, scored_},
                                   {"signals.empty_maps", {}, empty_maps_}};
    if (scored_ == 0) return metrics;
    metrics.push_back({"signals.iou", {}, iou_ / scored_});
    metrics.push_back({"signals.peak_inside", {}, percent(inside_, scored_)});
    return metrics;
  }

 private:
  static double percent(double part, double whole) { return whole > 0 ? 100 * part / whole : 0; }

  const Dataset& dataset_;
  std::string table_;
  double signals_ = 0, right_ = 0, scored_ = 0, empty_maps_ = 0, iou_ = 0, inside_ = 0;
};

// A column per class. `maps` holds every sample of the split, in order.
Image example_sheet(const Dataset& dataset, const std::vector<SignalMap>& maps) {
  const std::vector<std::vector<size_t>> examples = example_samples(dataset);
  std::vector<std::vector<Image>> rows;
  for (size_t r = 0; r < kExamplesPerClass; ++r) {
    std::vector<Image> row;
    for (const std::vector<size_t>& of_class : examples) {
      if (r >= of_class.size()) continue;
      const Sample& sample = dataset.samples(Split::kTest)[of_class[r]];
      const std::vector<float> signal = dataset.signal(sample);
      row.push_back(draw_signal({{signal.begin(), signal.end()},
                                 raise_along(maps[of_class[r]].map, dataset.signal_length()),
                                 segment_of(sample)}));
    }
    if (!row.empty()) rows.push_back(std::move(row));
  }
  return contact_sheet(rows);
}

}  // namespace

JobEnd analyse_signals(JobContext& context, AnalysisInput& input) {
  const Dataset& dataset = *input.dataset;
  if (dataset.signal_length() == 0) return JobFailure{"data", false, "`signals` needs a data set of kind signals"};
  const std::vector<SignalMap> maps = measure(context, input);
  if (!context.is_root()) return JobSuccess{};
  SignalScores scores(dataset);
  for (const SignalMap& found : maps) scores.add(found);
  JobSuccess success;
  success.metrics = scores.metrics();
  const ArtifactWriter writer(context.directory());
  success.artifacts = {writer.text("signals.csv", "table", "per signal", scores.table()),
                       writer.picture("signals.png", "figure",
                                      "8 signals of each class|class activation map in colour, noisy segment lighter",
                                      example_sheet(dataset, maps))};
  return success;
}

JobEnd run_signals(JobContext& context) {
  return run_analysis([&context] {
    AnalysisInput input = open_analysis(context);
    return analyse_signals(context, input);
  });
}

}  // namespace camsweep
