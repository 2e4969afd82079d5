#include "workers/localization/localize_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "schemas/error.h"
#include "schemas/text.h"
#include "workers/localization/colour_map.h"
#include "workers/localization/contours.h"
#include "workers/localization/npy.h"
#include "workers/localization/split_scores.h"

namespace camsweep {
namespace {

constexpr size_t kOverlays = 12;   // images at most: each picture is an artifact of its own, a map is a line of a list
constexpr int kOverlaySide = 224;  // at least
constexpr double kPaperThreshold = 0.2;  // of the CAM paper of 2016, a share of the map's maximum

// Those asked for, then the baselines, which stand in every table.
std::vector<MapMethod> methods_of(const Json& parameters) {
  std::vector<MapMethod> methods;
  for (const Json& name : parameters.value("methods", Json::array({"cam"}))) {
    methods.push_back(map_method_from_name(name.get<std::string>()));
  }
  for (const MapMethod baseline : baseline_methods()) {
    if (std::find(methods.begin(), methods.end(), baseline) == methods.end()) methods.push_back(baseline);
  }
  return methods;
}

LocalizeSettings settings_of(const std::vector<MapMethod>& methods, const Json& parameters, const ModelCard& card) {
  LocalizeSettings settings{map_sources(methods), map_options(parameters), card.resolution,
                            parameters.value("threshold_step", 0.001)};
  const Json side = parameters.value("eval_side", Json(224));
  if (side.is_number()) settings.side = side.get<int>();
  return settings;
}

// A method that the network does not give is wrong input of this job.
MapEngine engine_for(const AnalysisInput& input, const std::vector<MapMethod>& methods, const MapOptions& options) {
  try {
    return MapEngine(*input.model.backbone, methods, options);
  } catch (const ConfigError& error) {
    throw AnalysisFailure{{"input", false, error.what()}};
  }
}

void require_boxes(const Dataset& dataset, Split split) {
  for (const Sample& sample : dataset.samples(split)) {
    const auto fail = [&](const std::string& what) {
      throw AnalysisFailure{{"data", false, fmt::format("{} split: {}", split_name(split), what)}};
    };
    if (sample.boxes.empty()) {
      fail(fmt::format("image '{}' has no box; `localize` needs a data set with boxes (kind cub or wsol)", sample.id));
    }
    if (sample.width == 0) continue;  // the size is not known before the image is decoded
    const std::string objection = box_outside(sample, {sample.width, sample.height});
    if (!objection.empty()) fail(objection);
  }
}

void require_classes(const AnalysisInput& input) {
  const int known = input.model.card.options.classes;
  if (input.dataset->classes() <= known) return;
  throw AnalysisFailure{
      {"input", false,
       fmt::format("the data set has {} classes, but the network knows {}", input.dataset->classes(), known)}};
}

// At most `count` of the samples, spread evenly.
std::vector<size_t> spread_over(const std::vector<size_t>& samples, size_t count) {
  std::vector<size_t> chosen;
  for (const size_t i : spread_samples(count, samples.size())) chosen.push_back(samples[i]);
  return chosen;
}

class LocalizeJob {
 public:
  LocalizeJob(JobContext& context, AnalysisInput input)
      : context_(context),
        input_(std::move(input)),
        methods_(methods_of(context.assignment.parameters)),
        settings_(settings_of(methods_, context.assignment.parameters, input_.model.card)),
        engine_(engine_for(input_, methods_, settings_.maps)),
        writer_(context.directory()) {}

  JobEnd run() {
    const size_t tests = samples().size();
    const size_t validations = input_.dataset->samples(Split::kVal).size();
    require_classes(input_);
    require_boxes(*input_.dataset, Split::kTest);
    require_boxes(*input_.dataset, Split::kVal);
    const PassOptions options;
    const bool ddt = wants(MapMethod::kDdt);
    PassProgress progress(context_, pass_steps(tests, options.batch, context_.collective) +
                                        pass_steps(validations, options.batch, context_.collective) +
                                        (ddt ? class_direction_steps(input_, context_.collective) : 0));
    const Json save = context_.assignment.parameters.value("save_maps", Json(12));
    const std::vector<size_t> saved = save.is_string() ? all_samples(tests) : spread_samples(save.get<size_t>(), tests);
    const std::vector<size_t> drawn = spread_over(saved, kOverlays);

    if (ddt) {
      const std::vector<int>& layers = settings_.maps.layers;
      engine_.set_class_directions(class_directions(context_, input_, layers.empty() ? 0 : layers.back(), progress));
    }
    const SplitScores test = score_split(context_, input_, engine_, Split::kTest, settings_, saved, progress);
    std::optional<SplitScores> validation;
    if (validations > 0) validation = score_split(context_, input_, engine_, Split::kVal, settings_, {}, progress);

    JobSuccess success;
    add_scores(success, test, validation);
    add_floors(success, test);
    if (context_.is_root()) {
      add_map_lists(success, test);
      success.artifacts.push_back(writer_.text("images.csv", "table", "per image", table(test)));
    }
    const std::vector<Artifact> overlays = gather_artifacts(context_.collective, draw(drawn, test));
    success.artifacts.insert(success.artifacts.end(), overlays.begin(), overlays.end());
    success.environment["images_per_s"] = progress.images_per_s();
    const std::string identical = identical_methods();
    if (!identical.empty()) success.environment["identical_to"] = identical;
    return success;
  }

 private:
  const std::vector<Sample>& samples() const { return input_.dataset->samples(Split::kTest); }

  bool wants(MapMethod method) const { return std::find(methods_.begin(), methods_.end(), method) != methods_.end(); }

  // "gradcam = cam, layercam = cam_positive": equal by algebra.
  std::string identical_methods() const {
    std::vector<std::string> pairs;
    const std::vector<std::optional<MapMethod>> same = engine_.identical_to();
    for (size_t m = 0; m < methods_.size(); ++m) {
      if (!same[m]) continue;
      pairs.push_back(fmt::format("{} = {}", map_method_info(methods_[m]).name, map_method_info(*same[m]).name));
    }
    return join(pairs);
  }

  void add_scores(JobSuccess& success, const SplitScores& test, const std::optional<SplitScores>& validation) const {
    const auto add = [&success](const std::string& name, double value) {
      success.metrics.push_back({name, {}, value});
    };
    int64_t constant = 0;
    for (size_t s = 0; s < settings_.sources.size(); ++s) {
      const MapSource& source = settings_.sources[s];
      const std::string name = source.name();
      const BoxAccuracy& accuracy = test.sources[s].accuracy;
      const BestThreshold best = accuracy.maxboxacc();
      add(name + ".maxboxacc", best.value);
      add(name + ".maxboxacc_threshold", best.threshold);
      add(name + ".maxboxacc_v2", accuracy.maxboxacc_v2());
      const std::array<BestThreshold, 3> by_delta = accuracy.v2_by_delta();
      for (size_t k = 0; k < kDeltas.size(); ++k) {
        add(fmt::format("{}.maxboxacc_{}", name, kDeltas[k]), by_delta[k].value);
        add(fmt::format("{}.maxboxacc_{}_threshold", name, kDeltas[k]), by_delta[k].threshold);
      }
      if (source.of == MapSource::Class::kTruth) {
        add(name + ".gt_known", best.value);
        add(name + ".top5_loc", accuracy.top5_loc());
        if (const auto error = accuracy.top5_error(kPaperThreshold)) add(name + ".top5_loc_error", *error);
      } else {
        add(name + ".top1_loc", accuracy.top1_loc());
        if (const auto error = accuracy.top1_error(kPaperThreshold)) add(name + ".top1_loc_error", *error);
      }
      if (validation) {
        const BoxAccuracy& chosen_on = validation->sources[s].accuracy;
        add(name + ".maxboxacc_transfer", accuracy.at_thresholds_of(chosen_on));
        add(name + ".maxboxacc_transfer_threshold", chosen_on.maxboxacc().threshold);
        add(name + ".maxboxacc_v2_transfer", accuracy.v2_at_thresholds_of(chosen_on));
      }
      add(name + ".constant_maps", static_cast<double>(test.sources[s].constant_maps));
      constant += test.sources[s].constant_maps;
      success.curves.push_back({name + ".boxacc", "threshold", accuracy.thresholds(), accuracy.curve()});
    }
    const auto percent = [&test](int64_t count) {
      return 100.0 * static_cast<double>(count) / static_cast<double>(std::max<int64_t>(1, test.images));
    };
    add("localize.top1", percent(test.correct));
    add("localize.top5", percent(test.among_five));
    add("localize.images", static_cast<double>(test.images));
    add("localize.constant_maps", static_cast<double>(constant));
  }

  // On rank 0, which knows the size of every image.
  void add_floors(JobSuccess& success, const SplitScores& test) const {
    BoxFloors floors(settings_.side);
    if (!context_.is_root()) return;
    for (const SampleLine& image : test.lines) {
      floors.add(frame_boxes(samples()[image.sample], image.size, settings_.side));
    }
    const auto add = [&success](const char* name, double value) { success.metrics.push_back({name, {}, value}); };
    add("floor.whole_image", floors.whole_image(50));
    add("floor.whole_image_v2", floors.whole_image_v2());
    add("floor.centred", floors.centred());
    add("floor.centred_side", floors.centred_side());
    add("floor.centred_v2", floors.centred_v2());
  }

  // One sha256sum list per source, beside the folder it names.
  void add_map_lists(JobSuccess& success, const SplitScores& test) const {
    for (const MapSource& source : settings_.sources) {
      std::string list;
      for (const Artifact& map : test.maps) {
        constexpr std::string_view kFolder = "artifacts/maps/";
        if (map.label == source.name()) list += fmt::format("{}  {}\n", map.sha256, map.path.substr(kFolder.size()));
      }
      if (list.empty()) continue;
      success.artifacts.push_back(
          writer_.text(fmt::format("maps/{}.sha256", source.name()), "score_maps", source.name(), list));
    }
  }

  std::string table(const SplitScores& test) const {
    std::string text = "image,label,predicted";
    for (const MapSource& source : settings_.sources) text += fmt::format(",{0}.best_iou,{0}.threshold", source.name());
    text += '\n';
    for (const SampleLine& image : test.lines) text += image.line + '\n';
    return text;
  }

  // This rank's share of the overlays of the predicted class, boxes at the threshold of MaxBoxAcc.
  std::vector<Artifact> draw(const std::vector<size_t>& drawn, const SplitScores& test) const {
    std::vector<Artifact> artifacts;
    const auto ranks = static_cast<size_t>(context_.collective.size());
    for (size_t i = static_cast<size_t>(context_.collective.rank()); i < drawn.size(); i += ranks) {
      const Sample& sample = samples()[drawn[i]];
      const Image image = input_.dataset->image(sample);
      for (size_t s = 0; s < settings_.sources.size(); ++s) {
        const MapSource& source = settings_.sources[s];
        if (source.of != MapSource::Class::kPredicted || !source.is_shown()) continue;
        const ScoreMap map = read_npy(writer_.file(map_path(source, sample)));
        const Image picture =
            draw_localization(image, map, sample.boxes, test.sources[s].accuracy.maxboxacc().threshold, kOverlaySide);
        artifacts.push_back(writer_.picture(fmt::format("overlays/{}/{}.png", source.name(), sample.id), "overlay",
                                            sample.id + "|" + source.name(), picture));
      }
    }
    return artifacts;
  }

  JobContext& context_;
  AnalysisInput input_;
  std::vector<MapMethod> methods_;
  LocalizeSettings settings_;
  MapEngine engine_;
  ArtifactWriter writer_;
};

}  // namespace

JobEnd run_localize(JobContext& context) {
  return run_analysis([&context] { return LocalizeJob(context, open_analysis(context)).run(); });
}

}  // namespace camsweep
