#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "workers/commands/commands.h"
#include "workers/commands/count_line.h"
#include "workers/commands/published_weights.h"
#include "workers/gang/job_context.h"
#include "workers/localization/image_pass.h"

// What the commands that analyse one model file share.
namespace camsweep {

struct ModelArguments {
  ModelRequest model;
  std::string images;   // a folder of pictures, or
  std::string dataset;  // a data set
  std::string out;      // empty: no files are left
  int64_t count = 100;  // images
  bool json = false;
};

// --backbone, --weights, --ema.
void add_weights_options(CLI::App& command, ModelRequest& request);

// Those, --images or --dataset, --out, --count, --json.
void add_model_options(CLI::App& command, ModelArguments& arguments);

// The pictures under a folder (.jpg, .jpeg, .png), sorted by path, as a test split without boxes. Throws ConfigError if
// there is none, or for a name that is not UTF-8.
std::unique_ptr<Dataset> picture_folder(const std::filesystem::path& folder);

// A data set on disk, its kind told by its files. Throws as load_dataset().
std::unique_ptr<Dataset> open_dataset(const std::filesystem::path& root);

// A job's surroundings in a process of its own: a gang of one that reports on stderr, a folder.
class LocalRun {
 public:
  LocalRun(Stage stage, const Json& parameters, const std::string& out);
  ~LocalRun();
  LocalRun(const LocalRun&) = delete;
  LocalRun& operator=(const LocalRun&) = delete;

  JobContext& context() { return context_; }

 private:
  class LineReporter : public Reporter {
   public:
    explicit LineReporter(std::string unit) : line_(std::move(unit)) {}
    void progress(int, int64_t step, int64_t of, double) override {
      line_.update(static_cast<size_t>(step), static_cast<size_t>(of));
    }
    void metric(const Metric&) override {}
    void checkpoint(const std::string&, int64_t) override {}

   private:
    CountLine line_;
  };

  std::filesystem::path temporary_;  // empty: files go to --out
  Assignment assignment_;
  std::unique_ptr<Collective> collective_;
  LineReporter reporter_;
  std::atomic<StopRequest> stop_ = StopRequest::kNone;
  JobContext context_;
};

// Throws as analysis_input(); ConfigError.
AnalysisInput open_input(const ModelArguments& arguments);

// Throws ConfigError for a failure.
const JobSuccess& require_success(const JobEnd& end);

// Prints an analysis' numbers, one a line or as JSON {metrics, curves, artifacts}. Throws ConfigError for a failure.
void print_result(const JobEnd& end, const ModelArguments& arguments);

}  // namespace camsweep
