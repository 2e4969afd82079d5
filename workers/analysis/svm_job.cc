#include "workers/analysis/svm_job.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "schemas/error.h"
#include "workers/analysis/cam_box.h"
#include "workers/analysis/linear_svm.h"
#include "workers/localization/artifacts.h"
#include "workers/localization/colour_map.h"
#include "workers/localization/map_rendering.h"

namespace camsweep {
namespace {

constexpr int kFolds = 5;
constexpr int kSide = 224;  // of the maps that boxes are drawn from
constexpr size_t kOverlays = 12;

Crop crop_of(const Box& box) { return {box.x0, box.y0, box.x1 - box.x0 + 1, box.y1 - box.y0 + 1}; }

const Box& largest_box(const Sample& sample) {
  return *std::max_element(sample.boxes.begin(), sample.boxes.end(),
                           [](const Box& a, const Box& b) { return area(a) < area(b); });
}

bool all_have_boxes(const std::vector<Sample>& samples) {
  return std::all_of(samples.begin(), samples.end(), [](const Sample& sample) { return !sample.boxes.empty(); });
}

class SvmJob {
 public:
  SvmJob(JobContext& context, const AnalysisInput& input)
      : context_(context),
        input_(input),
        boxes_(all_have_boxes(samples(Split::kTrain)) && all_have_boxes(samples(Split::kTest))),
        progress_(context, steps()),
        writer_(context.directory()) {}

  JobEnd run() {
    require_two_classes();
    const Splits<Crop> whole;
    const LinearSvm svm = classify("svm.top1", whole);
    const std::vector<CamBox> on_test = find_boxes(svm, Split::kTest);
    if (boxes_) {
      const Splits<CamBox> found = {find_boxes(svm, Split::kTrain), on_test};
      add_crop_figures(found);
      classify("svm.top1_cam_crop", {crops(found.train), crops(found.test)});
      classify("svm.top1_gt_crop", {true_crops(Split::kTrain), true_crops(Split::kTest)});
    }
    if (!boxes_) success_.environment["crops"] = "none: there are images without a box";
    if (context_.is_root()) add("svm.cost", costs_.front());
    success_.artifacts = gather_artifacts(context_.collective, overlays_);
    return std::move(success_);
  }

 private:
  // By sample, of both splits; empty: none.
  template <typename Value>
  struct Splits {
    std::vector<Value> train;
    std::vector<Value> test;
  };

  const std::vector<Sample>& samples(Split split) const { return input_.dataset->samples(split); }

  int64_t steps() const {
    const auto pass = [this](Split split) {
      return pass_steps(samples(split).size(), PassOptions{}.batch, context_.collective);
    };
    const auto fits = static_cast<int64_t>(kFolds * std::size(kRelativeCosts)) + 1;
    const int64_t trainings = fits * LinearSvm::steps(train_classes(), context_.threads);
    if (boxes_) return 4 * (pass(Split::kTrain) + pass(Split::kTest)) + 3 * trainings;
    return pass(Split::kTrain) + 2 * pass(Split::kTest) + trainings;
  }

  size_t train_classes() const {
    std::set<int> classes;
    for (const Sample& sample : samples(Split::kTrain)) classes.insert(sample.label);
    return classes.size();
  }

  void require_two_classes() const {
    const size_t classes = train_classes();
    if (classes >= 2) return;
    throw AnalysisFailure{
        {"data", false, fmt::format("the train split has images of {} class; `svm` needs two", classes)}};
  }

  void add(const std::string& name, double value) { success_.metrics.push_back({name, {}, value}); }

  // Trains on one split, scores the other; the same classifier on all ranks. Throws AnalysisStopped.
  LinearSvm classify(const std::string& metric, const Splits<Crop>& crops) {
    const Examples train = pooled(Split::kTrain, crops.train);
    const Examples test = pooled(Split::kTest, crops.test);
    std::string shared;
    if (context_.is_root()) {
      if (const auto svm = fit(train)) {
        add(metric, accuracy(*svm, test));
        shared = svm->bytes();
      }
    }
    shared = context_.collective.broadcast_bytes(shared);
    if (shared.empty()) throw AnalysisStopped{};
    return LinearSvm::from_bytes(shared);
  }

  // None if the gang was told to stop.
  std::optional<LinearSvm> fit(const Examples& train) {
    const GoOn go_on = [this] {
      progress_.step(0);
      return context_.stop.load() == StopRequest::kNone;
    };
    const std::optional<double> cost = choose_cost(train, kFolds, context_.threads, go_on);
    if (!cost) return std::nullopt;
    costs_.push_back(*cost);
    return LinearSvm::train(train, *cost, context_.threads, go_on);
  }

  PassOptions options(const std::vector<Crop>& crops) const {
    return {.side = input_.model.card.resolution, .boxes = PassOptions::Boxes::kInside, .crops = crops};
  }

  // Pooled features of a split on rank 0.
  Examples pooled(Split split, const std::vector<Crop>& crops) {
    std::vector<SampleValues> own;
    for_each_batch(context_, input_, split, all_samples(samples(split).size()), options(crops), progress_,
                   [&](const ImageBatch& batch) {
                     const at::Tensor features = gap(input_.model.backbone->features(batch.images, {}));
                     for (size_t i = 0; i < batch.samples.size(); ++i) {
                       const double* row = features[static_cast<int64_t>(i)].const_data_ptr<double>();
                       own.push_back({batch.samples[i], {row, row + features.size(1)}});
                     }
                   });
    Examples examples;
    for (SampleValues& values : gather_in_order(context_.collective, own)) {
      examples.labels.push_back(samples(split)[values.sample].label);
      examples.rows.push_back(std::move(values.values));
    }
    return examples;
  }

  // (N, C) double on the CPU.
  static at::Tensor gap(const at::Tensor& maps) {
    return maps.to(at::kCPU, at::kDouble).mean(at::IntArrayRef{2, 3}).contiguous();
  }

  // Of all images, on all ranks.
  std::vector<CamBox> find_boxes(const LinearSvm& svm, Split split) {
    const std::vector<Sample>& all = samples(split);
    const std::vector<size_t> drawn =
        split == Split::kTest ? spread_samples(kOverlays, all.size()) : std::vector<size_t>{};
    std::vector<SampleValues> own;
    for_each_batch(
        context_, input_, split, all_samples(all.size()), options({}), progress_, [&](const ImageBatch& batch) {
          const at::Tensor maps = input_.model.backbone->features(batch.images, {}).to(at::kCPU, at::kDouble);
          const at::Tensor rows = gap(maps);
          for (size_t i = 0; i < batch.samples.size(); ++i) {
            const auto at = static_cast<int64_t>(i);
            const Normalized map = class_map(svm, maps[at], rows[at]);
            const CamBox found = cam_box(map, batch.sizes[i]);
            const size_t sample = batch.samples[i];
            own.push_back({sample, pack(found)});
            if (std::binary_search(drawn.begin(), drawn.end(), sample)) draw(all[sample], map);
          }
        });
    std::string merged;
    for (const SampleValues& values : gather_in_order(context_.collective, own)) {
      merged.append(reinterpret_cast<const char*>(values.values.data()), values.values.size() * sizeof(double));
    }
    return unpack(context_.collective.broadcast_bytes(merged));
  }

  // Of the class that the SVM predicts: K maps (K, h, w), their means (K).
  static Normalized class_map(const LinearSvm& svm, const at::Tensor& maps, const at::Tensor& means) {
    const at::Tensor row = means.contiguous();
    const int predicted = svm.predict({row.const_data_ptr<double>(), static_cast<size_t>(row.numel())});
    const at::Tensor weights = at::tensor(svm.weights(predicted), at::kDouble);
    const at::Tensor map = (maps * weights.view({-1, 1, 1})).sum(0);
    return render_activation(to_score_map(map), MapOptions::Heatmap::kMax, kSide);
  }

  static std::vector<double> pack(const CamBox& found) {
    const auto value = [](int corner) { return static_cast<double>(corner); };
    return {value(found.box.x0), value(found.box.y0), value(found.box.x1), value(found.box.y1), found.empty ? 1. : 0.};
  }

  static std::vector<CamBox> unpack(const std::string& bytes) {
    const auto* values = reinterpret_cast<const double*>(bytes.data());
    std::vector<CamBox> found;
    for (const double* v = values; v + 5 <= values + bytes.size() / sizeof(double); v += 5) {
      const auto corner = [v](int i) { return static_cast<int>(v[i]); };
      found.push_back({{corner(0), corner(1), corner(2), corner(3)}, v[4] != 0});
    }
    return found;
  }

  void draw(const Sample& sample, const Normalized& map) {
    const Image picture =
        draw_localization(input_.dataset->image(sample), map.map, sample.boxes, kCamBoxThreshold, kSide);
    overlays_.push_back(
        writer_.picture(fmt::format("overlays/svm/{}.png", sample.id), "overlay", sample.id + "|svm", picture));
  }

  void add_crop_figures(const Splits<CamBox>& found) {
    if (!context_.is_root()) return;
    const std::vector<Sample>& all = samples(Split::kTest);
    double iou_sum = 0;
    for (size_t i = 0; i < all.size(); ++i) iou_sum += best_iou(found.test[i].box, all[i].boxes);
    add("svm.crop_iou", iou_sum / static_cast<double>(all.size()));
    const auto empty = [](const std::vector<CamBox>& boxes) {
      return static_cast<double>(std::ranges::count(boxes, true, &CamBox::empty));
    };
    add("svm.empty_maps", empty(found.train) + empty(found.test));
  }

  static std::vector<Crop> crops(const std::vector<CamBox>& found) {
    std::vector<Crop> crops;
    for (const CamBox& box : found) crops.push_back(crop_of(box.box));
    return crops;
  }

  std::vector<Crop> true_crops(Split split) const {
    std::vector<Crop> crops;
    for (const Sample& sample : samples(split)) crops.push_back(crop_of(largest_box(sample)));
    return crops;
  }

  JobContext& context_;
  const AnalysisInput& input_;
  bool boxes_;
  PassProgress progress_;
  ArtifactWriter writer_;
  std::vector<Artifact> overlays_;  // of this rank
  std::vector<double> costs_;       // that were chosen, in order
  JobSuccess success_;
};

}  // namespace

JobEnd analyse_svm(JobContext& context, AnalysisInput& input) {
  const at::NoGradGuard no_grad;
  return SvmJob(context, input).run();
}

JobEnd run_svm(JobContext& context) {
  return run_analysis([&context] {
    AnalysisInput input = open_analysis(context);
    return analyse_svm(context, input);
  });
}

}  // namespace camsweep
