#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "schemas/error.h"
#include "schemas/files.h"
#include "tests/workers/checkpoints/archive_writer.h"
#include "workers/backbones/backbone.h"
#include "workers/checkpoints/load_weights.h"
#include "workers/checkpoints/safetensors.h"

// Loading the weights of ConvNeXt-B (354 MB in 344 tensors) into a network whose parameters are allocated and touched,
// beside a plain copy of the same bytes. Every load is checked once before any is timed; the runs alternate.
namespace camsweep {
namespace {

namespace fs = std::filesystem;

constexpr int kRuns = 15;

std::string bytes_of(const at::Tensor& tensor) {
  return {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()};
}

// As torch.save() writes a state dict, with or without CRCs.
std::string pth_of(const Backbone& backbone, bool crc) {
  std::vector<WrittenRecord> records = {{.name = "archive/data.pkl", .bytes = ""}};
  std::string dict = "\x80\x02}(";
  for (const NamedTensor& entry : backbone.state()) {
    const std::string key = std::to_string(records.size() - 1);
    dict += pickle::text(entry.name) + pickle::tensor(pickle::storage(key, entry.tensor.numel()), 0,
                                                      entry.tensor.sizes().vec(), entry.tensor.strides().vec());
    records.push_back({.name = "archive/data/" + key, .bytes = bytes_of(entry.tensor), .no_crc = !crc});
  }
  records[0].bytes = dict + "u.";
  return zip_of(records);
}

double milliseconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

struct Case {
  std::string name;
  std::function<void()> load;
  std::vector<double> times = {};
};

void print(const Case& timed, const Case& copy) {
  const auto median = [](std::vector<double> times) {
    std::ranges::sort(times);
    return times[times.size() / 2];
  };
  const double best = std::ranges::min(timed.times), middle = median(timed.times);
  fmt::print("{:<28}{:>8.1f}{:>8.1f} ms{:>8.2f}{:>6.2f} times the copy\n", timed.name, best, middle,
             best / std::ranges::min(copy.times), middle / median(copy.times));
}

void run(const fs::path& folder) {
  const at::NoGradGuard no_grad;
  const auto source = make_backbone(find_backbone("convnext_base"), {.head = HeadKind::kImagenet});
  const auto target = make_backbone(find_backbone("convnext_base"), {.head = HeadKind::kImagenet});
  source->initialize(1);
  target->initialize(2);
  TensorFile content;
  for (const NamedTensor& entry : source->state()) content.tensors.emplace_back(entry.name, entry.tensor);
  write_safetensors(folder / "w.safetensors", content, Sync::kNo);
  write_file(folder / "crc.pth", pth_of(*source, true));
  write_file(folder / "plain.pth", pth_of(*source, false));

  const std::vector<NamedTensor> from = source->state(), to = target->state();
  const auto load = [&](const char* name) {
    return [&, name] { load_weights(*target, open_weights(folder / name), Strictness::kStrict); };
  };
  std::vector<Case> cases = {{"copy of the same bytes",
                              [&] {
                                for (size_t i = 0; i < to.size(); ++i) {
                                  std::memcpy(to[i].tensor.data_ptr(), from[i].tensor.const_data_ptr(),
                                              from[i].tensor.nbytes());
                                }
                              }},
                             {"safetensors", load("w.safetensors")},
                             {".pth without CRCs", load("plain.pth")},
                             {".pth with CRCs", load("crc.pth")}};
  for (Case& timed : cases) {
    target->initialize(2);
    timed.load();
    for (size_t i = 0; i < to.size(); ++i) CAMSWEEP_CHECK(to[i].tensor.equal(from[i].tensor), "a load is exact");
  }
  for (int i = 0; i < kRuns; ++i) {
    for (Case& timed : cases) timed.times.push_back(milliseconds(timed.load));
  }
  fmt::print("{:<28}{:>8}{:>8}\n", "", "min", "median");
  for (const Case& timed : cases) print(timed, cases[0]);
  const double made = milliseconds([] { make_backbone(find_backbone("replknet_31b"), {}); });
  fmt::print("constructing RepLKNet-31B, which initializes nothing: {:.1f} ms\n", made);
}

}  // namespace
}  // namespace camsweep

int main() {
  const auto folder = std::filesystem::temp_directory_path() / "camsweep-load-checkpoint";
  std::filesystem::create_directories(folder);
  camsweep::run(folder);
  std::filesystem::remove_all(folder);
}
