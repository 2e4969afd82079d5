#include "workers/localization/split_scores.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "schemas/csv.h"
#include "workers/localization/npy.h"
#include "workers/localization/parallel.h"

namespace camsweep {
namespace {

// One map of a batch, scored on its own thread.
struct MapTask {
  size_t image = 0;  // of the batch
  size_t source = 0;
  ScoreMap coarse;       // (h, w), before resizing
  bool repeats = false;  // the task before it is of the same class: so are its scores
  LevelIous ious;
  int top = 0;
  bool constant = false;
};

class SplitScorer {
 public:
  SplitScorer(JobContext& context, const AnalysisInput& input, Split split, const LocalizeSettings& settings,
              const std::vector<size_t>& saved)
      : context_(context),
        input_(input),
        samples_(input.dataset->samples(split)),
        settings_(settings),
        saved_(saved),
        writer_(context.directory()) {
    scores_.sources.assign(settings.sources.size(), {BoxAccuracy(settings.threshold_step), 0});
  }

  void add(const ImageBatch& batch) {
    const at::NoGradGuard no_grad;
    Backbone& backbone = *input_.model.backbone;
    const at::Tensor maps = backbone.features(batch.images, {});
    const at::Tensor predicted = backbone.classify(maps, {}).argmax(1).cpu();
    const at::Tensor features = maps.to(at::kCPU, at::kDouble).contiguous();
    std::vector<int64_t> classes;
    std::vector<MapTask> tasks;
    for (size_t i = 0; i < batch.samples.size(); ++i) {
      classes.push_back(predicted[static_cast<int64_t>(i)].item<int64_t>());
      append_tasks(tasks, features[static_cast<int64_t>(i)], i, classes.back(), samples_[batch.samples[i]].label);
    }
    parallel_for(tasks.size(), context_.threads, [&](size_t t) { score(tasks[t], batch); });
    for (size_t i = 0; i < batch.samples.size(); ++i) record(batch, i, classes[i], tasks);
  }

  SplitScores take() { return std::move(scores_); }

 private:
  // The coarse maps of one image; a source whose class is the same as another's gets the same map.
  void append_tasks(std::vector<MapTask>& tasks, const at::Tensor& features, size_t image, int64_t predicted,
                    int64_t truth) const {
    for (size_t s = 0; s < settings_.sources.size(); ++s) {
      const MapSource& source = settings_.sources[s];
      const bool same = source.of == MapSource::Class::kTruth && predicted == truth;
      if (same) {  // stands right after the predicted class's
        tasks.push_back({image, s, tasks.back().coarse, true, {}, 0, false});
        continue;
      }
      const int64_t of = source.of == MapSource::Class::kTruth ? truth : predicted;
      const at::Tensor weights = class_weights(*input_.model.backbone, features, of, settings_.maps.cam_weight);
      tasks.push_back({image, s, coarse_map(features, weights, source.method, settings_.maps), false, {}, 0, false});
    }
  }

  void score(MapTask& task, const ImageBatch& batch) const {
    const size_t sample = batch.samples[task.image];
    const MapSource& source = settings_.sources[task.source];
    const bool is_saved = std::binary_search(saved_.begin(), saved_.end(), sample);
    if (task.repeats && !is_saved) return;
    const Normalized map = render_map(task.coarse, source.method, settings_.maps, settings_.side);
    if (is_saved) write_npy(writer_.file(map_path(source, samples_[sample])), map.map);
    if (task.repeats) return;
    const LevelMap levels = quantize(map.map);
    task.constant = map.constant;
    task.top = levels.max();
    task.ious = level_ious(levels, frame_boxes(samples_[sample], batch.sizes[task.image], settings_.side));
  }

  void record(const ImageBatch& batch, size_t image, int64_t predicted, const std::vector<MapTask>& tasks) {
    const size_t sample = batch.samples[image];
    const bool right = predicted == samples_[sample].label;
    const auto classified = right ? BoxAccuracy::Classified::kRight : BoxAccuracy::Classified::kWrong;
    std::string line = fmt::format("{},{},{}", csv_field(samples_[sample].id), samples_[sample].label, predicted);
    for (size_t s = 0; s < settings_.sources.size(); ++s) {
      const size_t own = image * settings_.sources.size() + s;
      const MapTask& task = tasks[own].repeats ? tasks[own - 1] : tasks[own];
      const ImageScore score = scores_.sources[s].accuracy.add(task.ious, task.top, classified);
      scores_.sources[s].constant_maps += task.constant;
      line += fmt::format(",{:.6f},{:.4f}", score.best_iou, score.threshold);
    }
    scores_.lines.push_back({sample, std::move(line), batch.sizes[image]});
    ++scores_.images;
    scores_.correct += right;
    if (!std::binary_search(saved_.begin(), saved_.end(), sample)) return;
    for (const MapSource& source : settings_.sources) {
      scores_.maps.push_back(writer_.existing(map_path(source, samples_[sample]), "score_maps", source.name()));
    }
  }

  JobContext& context_;
  const AnalysisInput& input_;
  const std::vector<Sample>& samples_;
  const LocalizeSettings& settings_;
  const std::vector<size_t>& saved_;
  ArtifactWriter writer_;
  SplitScores scores_;
};

// Integer sums over ranks, on every rank.
std::vector<int64_t> sum_over_ranks(Collective& collective, std::vector<int64_t> values) {
  const size_t size = values.size() * sizeof(int64_t);
  std::vector<int64_t> total(values.size(), 0);
  for (const std::string& part : collective.gather_bytes({reinterpret_cast<const char*>(values.data()), size})) {
    if (part.size() != size) continue;
    std::memcpy(values.data(), part.data(), size);
    for (size_t i = 0; i < total.size(); ++i) total[i] += values[i];
  }
  const std::string merged = collective.broadcast_bytes({reinterpret_cast<const char*>(total.data()), size});
  std::memcpy(total.data(), merged.data(), size);
  return total;
}

void merge(Collective& collective, const LocalizeSettings& settings, SplitScores& scores) {
  std::vector<int64_t> counts = {scores.images, scores.correct};
  for (const SourceScores& source : scores.sources) counts.push_back(source.constant_maps);
  counts = sum_over_ranks(collective, counts);
  scores.images = counts[0];
  scores.correct = counts[1];
  for (size_t s = 0; s < scores.sources.size(); ++s) {
    scores.sources[s].constant_maps = counts[2 + s];
    BoxAccuracy whole(settings.threshold_step);
    for (const std::string& part : collective.gather_bytes(scores.sources[s].accuracy.bytes())) whole.add_bytes(part);
    BoxAccuracy shared(settings.threshold_step);
    shared.add_bytes(collective.broadcast_bytes(whole.bytes()));
    scores.sources[s].accuracy = shared;
  }
  scores.lines = gather_in_order(collective, scores.lines);
  scores.maps = gather_artifacts(collective, scores.maps);
  std::stable_sort(scores.maps.begin(), scores.maps.end(),
                   [](const Artifact& a, const Artifact& b) { return a.path < b.path; });
}

}  // namespace

std::vector<MapSource> map_sources(const std::vector<Method>& methods) {
  std::vector<MapSource> sources;
  for (const Method method : methods) {
    sources.push_back({method, MapSource::Class::kPredicted});
    sources.push_back({method, MapSource::Class::kTruth});
  }
  return sources;
}

SplitScores score_split(JobContext& context, const AnalysisInput& input, Split split, const LocalizeSettings& settings,
                        const std::vector<size_t>& saved, PassProgress& progress) {
  SplitScorer scorer(context, input, split, settings, saved);
  for_each_batch(context, input, split, all_samples(input.dataset->samples(split).size()),
                 {.side = input.model.card.resolution, .boxes = PassOptions::Boxes::kInside}, progress,
                 [&](const ImageBatch& batch) { scorer.add(batch); });
  SplitScores scores = scorer.take();
  merge(context.collective, settings, scores);
  return scores;
}

std::string map_path(const MapSource& source, const Sample& sample) {
  return fmt::format("maps/{}/{}.npy", source.name(), sample.id);
}

std::vector<Box> frame_boxes(const Sample& sample, FrameSize image, int side) {
  return scale_boxes(sample.boxes, image, {side, side});
}

}  // namespace camsweep
