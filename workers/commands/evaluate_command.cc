#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <thread>

#include "schemas/csv.h"
#include "schemas/files.h"
#include "schemas/json.h"
#include "workers/commands/commands.h"
#include "workers/localization/artifacts.h"
#include "workers/localization/map_evaluation.h"

namespace camsweep {
namespace {

struct EvaluateArguments {
  EvaluationOptions options;
  std::string resize = "none";
  std::string select_metadata;
  std::string select_maps;
  std::string predictions;
  std::string per_image;
  bool allow_subset = false;
  bool curves = false;
  bool json = false;
};

Json to_json(const BestThreshold& best) { return {{"value", best.value}, {"threshold", best.threshold}}; }

Json v2_json(double value, const std::array<BestThreshold, 3>& by_delta) {
  Json at = Json::object();
  for (size_t k = 0; k < kDeltas.size(); ++k) at[std::to_string(kDeltas[k])] = to_json(by_delta[k]);
  return {{"value", value}, {"at", at}};
}

// The figures at the thresholds that another split chose.
Json transfer_json(const BoxAccuracy& scored, const BoxAccuracy& chosen_on) {
  std::array<BestThreshold, 3> by_delta = chosen_on.v2_by_delta();
  const std::array<double, 3> values = scored.v2_by_delta_at_thresholds_of(chosen_on);
  for (size_t k = 0; k < by_delta.size(); ++k) by_delta[k].value = values[k];
  return {{"maxboxacc", to_json({scored.at_thresholds_of(chosen_on), chosen_on.maxboxacc().threshold})},
          {"maxboxacc_v2", v2_json(scored.v2_at_thresholds_of(chosen_on), by_delta)}};
}

void warn(const MapEvaluation& evaluation) {
  if (evaluation.missing > 0)
    fmt::print(stderr, "camsweep: {} images have no map and are left out\n", evaluation.missing);
  if (evaluation.additional.empty()) return;
  fmt::print(stderr, "camsweep: {} maps belong to no image, the first is {}\n", evaluation.additional.size(),
             evaluation.additional.front());
}

std::string per_image_table(const MapEvaluation& evaluation) {
  std::string text = "image,label,best_iou,threshold\n";
  for (const EvaluatedImage& image : evaluation.list) {
    fmt::format_to(std::back_inserter(text), "{},{},{:.6f},{:.4f}\n", csv_field(image.id), image.label,
                   image.score.best_iou, image.score.threshold);
  }
  return text;
}

Json evaluate(const EvaluateArguments& arguments) {
  const MapEvaluation evaluation = evaluate_maps(arguments.options);
  warn(evaluation);
  Json result = {{"images", evaluation.images}};
  if (evaluation.pxap) {
    result["pxap"] = *evaluation.pxap;
    return result;
  }
  const BoxAccuracy& accuracy = evaluation.accuracy;
  result["constant_maps"] = evaluation.constant;
  result["maxboxacc"] = to_json(accuracy.maxboxacc());
  result["maxboxacc_v2"] = v2_json(accuracy.maxboxacc_v2(), accuracy.v2_by_delta());
  result["gt_known"] = accuracy.maxboxacc().value;
  if (!arguments.options.predictions.empty()) result["top1_loc"] = accuracy.top1_loc();
  if (evaluation.top5_complete) result["top5_loc"] = top5_loc(evaluation);
  if (!arguments.select_maps.empty()) {
    EvaluationOptions select = arguments.options;
    select.metadata = arguments.select_metadata;
    select.maps = arguments.select_maps;
    select.predictions.clear();
    const MapEvaluation chosen_on = evaluate_maps(select);
    warn(chosen_on);
    result["transfer"] = transfer_json(accuracy, chosen_on.accuracy);
  }
  if (arguments.curves) result["curves"] = {{"threshold", accuracy.thresholds()}, {"boxacc", accuracy.curve()}};
  if (!arguments.per_image.empty()) write_file(arguments.per_image, per_image_table(evaluation));
  return result;
}

void print_box_figures(const std::string& title, const Json& figures) {
  fmt::print("{}MaxBoxAcc     {:6.2f} %  at threshold {:g}\n", title, figures["maxboxacc"]["value"].get<double>(),
             figures["maxboxacc"]["threshold"].get<double>());
  fmt::print("{}MaxBoxAccV2   {:6.2f} %\n", title, figures["maxboxacc_v2"]["value"].get<double>());
  for (const auto& [delta, best] : figures["maxboxacc_v2"]["at"].items()) {
    fmt::print("{}  IoU 0.{}      {:6.2f} %  at threshold {:g}\n", title, delta.substr(0, 1),
               best["value"].get<double>(), best["threshold"].get<double>());
  }
}

void print_text(const Json& result) {
  fmt::print("images        {}\n", result["images"].get<int64_t>());
  if (result.value("constant_maps", 0) > 0) fmt::print("constant maps {}\n", result["constant_maps"].get<int64_t>());
  if (result.contains("pxap")) fmt::print("PxAP          {:6.2f} %\n", result["pxap"].get<double>());
  if (result.contains("maxboxacc")) print_box_figures("", result);
  if (result.contains("transfer")) print_box_figures("transfer ", result["transfer"]);
  for (const char* name : {"gt_known", "top1_loc", "top5_loc"}) {
    if (result.contains(name)) fmt::print("{:<13} {:6.2f} %\n", name, result[name].get<double>());
  }
  if (!result.contains("curves")) return;
  const Json& curves = result["curves"];
  for (size_t i = 0; i < curves["threshold"].size(); ++i) {
    fmt::print("{:g}\t{:.4f}\n", curves["threshold"][i].get<double>(), curves["boxacc"][i].get<double>());
  }
}

void complete(EvaluateArguments& arguments) {
  if (arguments.resize == "bilinear") arguments.options.resize = MapFilter::kBilinear;
  if (arguments.resize == "bicubic") arguments.options.resize = MapFilter::kBicubic;
  if (arguments.allow_subset) arguments.options.missing = EvaluationOptions::Missing::kAllow;
  if (!arguments.predictions.empty()) arguments.options.predictions = read_predictions(arguments.predictions);
  arguments.options.threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

}  // namespace

void add_evaluate_command(CLI::App& app, WorkerCommandLine&) {
  CLI::App* command = app.add_subcommand("evaluate", "Score maps on disk: MaxBoxAcc, MaxBoxAccV2, PxAP.");
  const auto arguments = std::make_shared<EvaluateArguments>();
  EvaluationOptions& options = arguments->options;
  command->add_option("--metadata", options.metadata, "folder of one split: image_ids.txt, localization.txt, ...")
      ->required();
  command->add_option("--scoremaps", options.maps, "folder of maps <image id>.npy with values in [0, 1]")->required();
  command->add_option("--masks", options.masks, "folder of mask files: PxAP instead of boxes");
  command->add_option("--side", options.side, "side of the evaluated maps, px")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->add_option("--step", options.step, "step of the threshold grid")
      ->check(CLI::Range(1e-4, 0.5))
      ->capture_default_str();
  command->add_option("--resize", arguments->resize, "how maps of another size reach --side; they are then stretched to [0, 1]")
      ->check(CLI::IsMember({"none", "bilinear", "bicubic"}))
      ->capture_default_str();
  auto* metadata =
      command->add_option("--select-metadata", arguments->select_metadata, "split that chooses thresholds");
  auto* maps = command->add_option("--select-scoremaps", arguments->select_maps, "its maps");
  metadata->needs(maps);
  maps->needs(metadata);
  command->add_option("--predictions", arguments->predictions, "CSV: image, then its best classes");
  command->add_option("--per-image", arguments->per_image, "CSV to write: best IoU of each image");
  command->add_flag("--allow-subset", arguments->allow_subset, "leave out images that have no map");
  command->add_flag("--curves", arguments->curves, "print box accuracy at each threshold");
  command->add_flag("--json", arguments->json, "print JSON");
  command->footer("Example: camsweep evaluate --metadata birds/metadata/test --scoremaps maps/cam-gt --step 0.01");
  command->callback([arguments] {
    complete(*arguments);
    const Json result = evaluate(*arguments);
    if (arguments->json) {
      fmt::print("{}\n", result.dump(2));
    } else {
      print_text(result);
    }
  });
}

}  // namespace camsweep
