#include "workers/localization/split_scores.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <tuple>
#include <utility>

#include "schemas/csv.h"
#include "workers/localization/map_rendering.h"
#include "workers/localization/npy.h"
#include "workers/localization/parallel.h"

namespace camsweep {
namespace {

// One map of a batch, scored on its own thread.
struct MapTask {
  size_t image = 0;  // of the batch
  size_t source = 0;
  ScoreMap coarse;                 // (h, w), before resizing
  std::optional<size_t> repeated;  // the task whose map this is too: so are its scores
  LevelIous ious;
  int top = 0;
  bool constant = false;
};

// What the network says of one image.
struct Verdict {
  int64_t predicted = 0;
  BoxAccuracy::Classified classified = BoxAccuracy::Classified::kWrong;
};

std::vector<Verdict> verdicts(const at::Tensor& logits, const std::vector<int>& labels) {
  const at::Tensor best = std::get<1>(logits.topk(std::min<int64_t>(5, logits.size(1)), 1)).cpu();
  const auto choice = best.accessor<int64_t, 2>();
  std::vector<Verdict> result;
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    Verdict& verdict = result.emplace_back(Verdict{.predicted = choice[row][0]});
    for (int64_t k = 0; k < best.size(1); ++k) {
      if (choice[row][k] != labels[i]) continue;
      verdict.classified = k == 0 ? BoxAccuracy::Classified::kRight : BoxAccuracy::Classified::kAmongFive;
    }
  }
  return result;
}

class SplitScorer {
 public:
  SplitScorer(JobContext& context, const AnalysisInput& input, const MapEngine& engine, Split split,
              const LocalizeSettings& settings, const std::vector<size_t>& saved)
      : context_(context),
        engine_(engine),
        samples_(input.dataset->samples(split)),
        settings_(settings),
        saved_(saved),
        writer_(context.directory()) {
    scores_.sources.assign(settings.sources.size(), {BoxAccuracy(settings.threshold_step), 0});
  }

  void add(const ImageBatch& batch) {
    const MapPass pass = engine_.run(batch.images);
    std::vector<int> labels;
    for (const size_t sample : batch.samples) labels.push_back(samples_[sample].label);
    const std::vector<Verdict> verdicts_of = verdicts(pass.logits.detach(), labels);
    std::vector<MapRequest> requests;
    for (size_t i = 0; i < batch.samples.size(); ++i) {
      MapRequest& request = requests.emplace_back(MapRequest{{verdicts_of[i].predicted}, batch.samples[i]});
      if (labels[i] != verdicts_of[i].predicted) request.classes.push_back(labels[i]);
    }
    const std::vector<MapEngine::ImageMaps> maps = engine_.maps(pass, requests);
    std::vector<MapTask> tasks;
    for (size_t i = 0; i < maps.size(); ++i) append_tasks(tasks, i, maps[i]);
    parallel_for(tasks.size(), context_.threads, [&](size_t t) { score(tasks[t], batch); });
    for (size_t i = 0; i < maps.size(); ++i) record(batch, i, verdicts_of[i], tasks);
  }

  SplitScores take() { return std::move(scores_); }

 private:
  size_t method_index(MapMethod method) const {
    const std::vector<MapMethod>& methods = engine_.methods();
    return static_cast<size_t>(std::find(methods.begin(), methods.end(), method) - methods.begin());
  }

  // The earlier source of the same image that has the same map.
  std::optional<size_t> same_source(size_t s, bool one_class) const {
    const std::vector<MapSource>& sources = settings_.sources;
    if (one_class && sources[s].of == MapSource::Class::kTruth) return s - 1;  // stands right after the predicted one
    const std::optional<MapMethod> method = engine_.identical_to()[method_index(sources[s].method)];
    for (size_t other = 0; method && other < s; ++other) {
      if (sources[other].method == *method && sources[other].of == sources[s].of) return other;
    }
    return std::nullopt;
  }

  void append_tasks(std::vector<MapTask>& tasks, size_t image, const MapEngine::ImageMaps& maps) const {
    const size_t first = tasks.size();
    const bool one_class = maps.size() == 1;
    for (size_t s = 0; s < settings_.sources.size(); ++s) {
      const MapSource& source = settings_.sources[s];
      const size_t of = source.of == MapSource::Class::kTruth && !one_class ? 1 : 0;
      MapTask& task = tasks.emplace_back();
      task.image = image;
      task.source = s;
      task.coarse = maps[of][method_index(source.method)];
      if (const std::optional<size_t> same = same_source(s, one_class)) {
        task.repeated = tasks[first + *same].repeated.value_or(first + *same);
      }
    }
  }

  void score(MapTask& task, const ImageBatch& batch) const {
    const size_t sample = batch.samples[task.image];
    const MapSource& source = settings_.sources[task.source];
    const bool is_saved = source.is_shown() && std::binary_search(saved_.begin(), saved_.end(), sample);
    if (task.repeated && !is_saved) return;
    const Normalized map = render_map(task.coarse, source.method, settings_.maps, settings_.side);
    if (is_saved) write_npy(writer_.file(map_path(source, samples_[sample])), map.map);
    if (task.repeated) return;
    const LevelMap levels = quantize(map.map);
    task.constant = map.constant;
    task.top = levels.max();
    task.ious = level_ious(levels, frame_boxes(samples_[sample], batch.sizes[task.image], settings_.side));
  }

  void record(const ImageBatch& batch, size_t image, const Verdict& verdict, const std::vector<MapTask>& tasks) {
    const size_t sample = batch.samples[image];
    std::string line =
        fmt::format("{},{},{}", csv_field(samples_[sample].id), samples_[sample].label, verdict.predicted);
    for (size_t s = 0; s < settings_.sources.size(); ++s) {
      const size_t own = image * settings_.sources.size() + s;
      const MapTask& task = tasks[tasks[own].repeated.value_or(own)];
      const ImageScore score = scores_.sources[s].accuracy.add(task.ious, task.top, verdict.classified);
      scores_.sources[s].constant_maps += task.constant;
      line += fmt::format(",{:.6f},{:.4f}", score.best_iou, score.threshold);
    }
    scores_.lines.push_back({sample, std::move(line), batch.sizes[image]});
    ++scores_.images;
    scores_.correct += verdict.classified == BoxAccuracy::Classified::kRight;
    scores_.among_five += verdict.classified != BoxAccuracy::Classified::kWrong;
    if (!std::binary_search(saved_.begin(), saved_.end(), sample)) return;
    for (const MapSource& source : settings_.sources) {
      if (!source.is_shown()) continue;
      scores_.maps.push_back(writer_.existing(map_path(source, samples_[sample]), "score_maps", source.name()));
    }
  }

  JobContext& context_;
  const MapEngine& engine_;
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
  std::vector<int64_t> counts = {scores.images, scores.correct, scores.among_five};
  for (const SourceScores& source : scores.sources) counts.push_back(source.constant_maps);
  counts = sum_over_ranks(collective, counts);
  scores.images = counts[0];
  scores.correct = counts[1];
  scores.among_five = counts[2];
  for (size_t s = 0; s < scores.sources.size(); ++s) {
    scores.sources[s].constant_maps = counts[3 + s];
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

std::vector<MapSource> map_sources(const std::vector<MapMethod>& methods) {
  std::vector<MapSource> sources;
  for (const MapMethod method : methods) {
    sources.push_back({method, MapSource::Class::kPredicted});
    if (map_method_info(method).subject == MapMethodInfo::Subject::kImage) continue;
    sources.push_back({method, MapSource::Class::kTruth});
  }
  return sources;
}

SplitScores score_split(JobContext& context, const AnalysisInput& input, const MapEngine& engine, Split split,
                        const LocalizeSettings& settings, const std::vector<size_t>& saved, PassProgress& progress) {
  SplitScorer scorer(context, input, engine, split, settings, saved);
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
