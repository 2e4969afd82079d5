#include "workers/commands/model_arguments.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>
#include <utility>

#include "schemas/files.h"
#include "schemas/utf8.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

class PictureFolder : public Dataset {
 public:
  explicit PictureFolder(fs::path folder) : folder_(std::move(folder)) {
    std::vector<Sample>& samples = splits_[static_cast<size_t>(Split::kTest)];
    for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
      if (!entry.is_regular_file() || !is_picture(entry.path())) continue;
      Sample& sample = samples.emplace_back();
      sample.id = entry.path().lexically_relative(folder_).string();
      require_utf8("the picture", sample.id);
    }
    if (samples.empty()) throw ConfigError(fmt::format("{}: no .jpg, .jpeg or .png file in it", folder_.string()));
    std::sort(samples.begin(), samples.end(), [](const Sample& a, const Sample& b) { return a.id < b.id; });
  }
  Image image(const Sample& sample) const override { return read_image(folder_ / sample.id); }

 private:
  static bool is_picture(const fs::path& file) {
    std::string extension = file.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return extension == ".jpg" || extension == ".jpeg" || extension == ".png";
  }
  fs::path folder_;
};

// The kind of a data set on disk, by the files that tell it.
std::string dataset_kind(const fs::path& root) {
  if (fs::is_directory(root / "metadata")) return "wsol";
  if (fs::exists(root / "bounding_boxes.txt")) return "cub";
  return "folder";
}

fs::path make_temporary_folder() {
  std::string pattern = (fs::temp_directory_path() / "camsweep-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw environment_error("cannot make a temporary folder", errno);
  return pattern;
}

Assignment local_assignment(Stage stage, const Json& parameters, const fs::path& folder) {
  Assignment assignment;
  assignment.stage = stage;
  assignment.parameters = parameters;
  assignment.directory = folder.string();
  return assignment;
}

Json result_json(const JobSuccess& success) {
  Json json = {{"metrics", Json::object()}, {"curves", Json::object()}};
  for (const Metric& metric : success.metrics) json["metrics"][metric.name] = metric.value;
  for (const Curve& curve : success.curves) json["curves"][curve.name] = {{curve.x_name, curve.x}, {"value", curve.y}};
  return json;
}

}  // namespace

void add_weights_options(CLI::App& command, ModelRequest& request) {
  command.add_option("--backbone", request.backbone, "default: what the weights file holds");
  command
      .add_option("--weights", request.weights, "a weights file: of a training of ours, or as its authors published it")
      ->required();
  command.add_flag_callback(
      "--ema", [&request] { request.choice = WeightsChoice::kAverage; }, "the averaged weights of a training's file");
}

void add_model_options(CLI::App& command, ModelArguments& arguments) {
  add_weights_options(command, arguments.model);
  auto* images = command.add_option("--images", arguments.images, "a folder of pictures");
  auto* dataset = command.add_option("--dataset", arguments.dataset, "a data set: wsol, cub or class folders");
  images->excludes(dataset);
  command.add_option("--out", arguments.out, "folder for tables and pictures (under artifacts/)");
  command.add_option("--count", arguments.count, "images to use, drawn with seed 0")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 32))
      ->capture_default_str();
  command.add_flag("--json", arguments.json, "print all numbers and curves as JSON");
}

std::unique_ptr<Dataset> picture_folder(const fs::path& folder) {
  if (!fs::is_directory(folder)) throw ConfigError(fmt::format("there is no folder '{}'", folder.string()));
  return std::make_unique<PictureFolder>(folder);
}

std::unique_ptr<Dataset> open_dataset(const fs::path& root) {
  return load_dataset({{"kind", dataset_kind(root)}, {"root", root.string()}});
}

LocalRun::LocalRun(Stage stage, const Json& parameters, const std::string& out)
    : temporary_(out.empty() ? make_temporary_folder() : fs::path()),
      assignment_(local_assignment(stage, parameters, out.empty() ? temporary_ : fs::path(out))),
      collective_(make_single_collective()),
      reporter_(stage == Stage::kErf ? "images" : "batches"),
      context_{assignment_, *collective_, reporter_,
               stop_,       at::kCPU,     static_cast<int>(std::max(1u, std::thread::hardware_concurrency()))} {}

LocalRun::~LocalRun() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

AnalysisInput open_input(const ModelArguments& arguments) {
  if (arguments.images.empty() && arguments.dataset.empty()) throw ConfigError("give --images or --dataset");
  Model model = open_model(arguments.model);
  std::unique_ptr<Dataset> dataset =
      arguments.dataset.empty() ? picture_folder(arguments.images) : open_dataset(arguments.dataset);
  return analysis_input(std::move(model), std::move(dataset), at::kCPU);
}

const JobSuccess& require_success(const JobEnd& end) {
  if (const auto* failure = std::get_if<JobFailure>(&end)) throw ConfigError(failure->text);
  const auto* success = std::get_if<JobSuccess>(&end);
  CAMSWEEP_CHECK(success, "a command's analysis is never told to stop");
  return *success;
}

void print_result(const JobEnd& end, const ModelArguments& arguments) {
  const JobSuccess& success = require_success(end);
  Json result = result_json(success);
  if (arguments.json) {
    result["artifacts"] = Json::array();
    for (const Artifact& artifact : success.artifacts) {
      if (!arguments.out.empty()) result["artifacts"].push_back(artifact.path);
    }
    fmt::print("{}\n", result.dump(2));
    return;
  }
  for (const Metric& metric : success.metrics) fmt::print("{:<34}{:.6g}\n", metric.name, metric.value);
  for (const Artifact& artifact : success.artifacts) {
    if (!arguments.out.empty()) fmt::print(stderr, "wrote {}\n", (fs::path(arguments.out) / artifact.path).string());
  }
}

}  // namespace camsweep
