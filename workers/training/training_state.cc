#include "workers/training/training_state.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "schemas/error.h"
#include "schemas/files.h"
#include "schemas/hash.h"
#include "schemas/json.h"
#include "workers/checkpoints/safetensors.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMetadataKey = "camsweep.training";
constexpr size_t kStatesKept = 2;  // the newest, and one to fall back to

fs::path checksum_file(const fs::path& state) { return state.string() + ".sha256"; }

Json describe(const std::string& job, const TrainingState& state) {
  // History and snapshots are written as a result would be, so that there is one spelling of both.
  const JobSuccess so_far{.metrics = state.history, .curves = {}, .artifacts = state.snapshots};
  return {{"job", job},
          {"epoch", state.epoch},
          {"step", state.step},
          {"threads", state.threads},
          {"loss_sum", state.loss_sum},
          {"correct", state.correct},
          {"optimizer_steps", state.optimizer_steps},
          {"best_epoch", state.best_epoch},
          {"best_score", state.best_score},
          {"so_far", to_json(so_far)}};
}

// Step number of "state-<n>.safetensors", or none.
std::optional<int64_t> state_step(const fs::path& file) {
  const std::string name = file.filename().string();
  constexpr std::string_view kPrefix = "state-";
  if (!name.starts_with(kPrefix) || file.extension() != ".safetensors") return std::nullopt;
  return std::stoll(name.substr(kPrefix.size()));
}

// Newest first.
std::vector<fs::path> states_in(const fs::path& attempt) {
  std::vector<std::pair<int64_t, fs::path>> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(attempt, ignored)) {
    if (const auto step = state_step(entry.path())) found.emplace_back(*step, entry.path());
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<fs::path> files;
  files.reserve(found.size());
  for (auto& [step, file] : found) files.push_back(std::move(file));
  return files;
}

bool is_intact(const fs::path& state) {
  std::error_code ignored;
  return fs::exists(checksum_file(state), ignored) && read_file(checksum_file(state)) == sha256_file(state);
}

void remove_older(const fs::path& attempt) {
  const std::vector<fs::path> states = states_in(attempt);
  for (size_t i = kStatesKept; i < states.size(); ++i) {
    fs::remove(states[i]);
    fs::remove(checksum_file(states[i]));
  }
}

}  // namespace

fs::path write_training_state(const fs::path& attempt, const std::string& job, const TrainingState& state,
                              const std::vector<NamedTensor>& tensors) {
  TensorFile content;
  for (const NamedTensor& entry : tensors) content.tensors.emplace_back(entry.name, entry.tensor);
  content.metadata[std::string(kMetadataKey)] = describe(job, state).dump();
  fs::path file = attempt / fmt::format("state-{}.safetensors", state.optimizer_steps);
  const std::string checksum = write_safetensors(file, content, Sync::kYes);
  write_file(checksum_file(file), checksum, Sync::kYes);
  remove_older(attempt);
  return file;
}

std::optional<fs::path> find_training_state(const fs::path& job_folder) {
  std::vector<std::pair<int64_t, fs::path>> states;
  std::error_code ignored;
  for (const auto& attempt : fs::directory_iterator(job_folder / "attempts", ignored)) {
    for (const fs::path& file : states_in(attempt.path())) states.emplace_back(*state_step(file), file);
  }
  std::sort(states.rbegin(), states.rend());
  for (const auto& [step, file] : states) {
    if (is_intact(file)) return file;
  }
  return std::nullopt;
}

TrainingState read_training_state(const fs::path& file, const std::string& job,
                                  const std::vector<NamedTensor>& tensors) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ExitCode::kCorruption, fmt::format("{} cannot be resumed from: {}", file.string(), why));
  };
  const TensorFile content = read_safetensors(file);
  const auto metadata = content.metadata.find(std::string(kMetadataKey));
  if (metadata == content.metadata.end()) refuse("it is no training state");
  const Json described = Json::parse(metadata->second);
  if (described.at("job") != job) refuse("it belongs to another job, " + described.at("job").get<std::string>());

  const at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor* stored = content.find(name);
    if (stored == nullptr || stored->sizes() != tensor.sizes()) refuse("it lacks " + name + " of that shape");
    tensor.copy_(*stored);
  }

  JobSuccess so_far = success_from_json(described.at("so_far"));
  return {.epoch = described.at("epoch"),
          .step = described.at("step"),
          .threads = described.at("threads"),
          .loss_sum = described.at("loss_sum"),
          .correct = described.at("correct"),
          .optimizer_steps = described.at("optimizer_steps"),
          .best_epoch = described.at("best_epoch"),
          .best_score = described.at("best_score"),
          .history = std::move(so_far.metrics),
          .snapshots = std::move(so_far.artifacts)};
}

}  // namespace camsweep
