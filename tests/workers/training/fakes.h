#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "workers/data/dataset.h"
#include "workers/gang/job_context.h"

namespace camsweep {

// Ranks as threads of one process: each thread holds one of these, all share a Room.
class ThreadCollective : public Collective {
 public:
  struct Room {
    explicit Room(int ranks) : size(ranks), gate(ranks), tensors(ranks), bytes(ranks), values(ranks) {}
    int size;
    std::barrier<> gate;
    std::vector<at::Tensor> tensors;
    std::vector<std::string> bytes;
    std::vector<int64_t> values;
  };

  ThreadCollective(Room& room, int rank) : room_(room), rank_(rank) {}
  int rank() const override { return rank_; }
  int size() const override { return room_.size; }

  void all_reduce_sum(at::Tensor& flat) override {
    room_.tensors[rank_] = flat.clone();
    room_.gate.arrive_and_wait();
    flat.zero_();
    for (const at::Tensor& part : room_.tensors) flat.add_(part);
    room_.gate.arrive_and_wait();
  }
  void join() override {}
  void broadcast(at::Tensor& tensor) override {
    if (rank_ == 0) room_.tensors[0] = tensor.clone();
    room_.gate.arrive_and_wait();
    if (rank_ != 0) tensor.copy_(room_.tensors[0]);
    room_.gate.arrive_and_wait();
  }
  std::string broadcast_bytes(std::string bytes) override {
    if (rank_ == 0) room_.bytes[0] = std::move(bytes);
    room_.gate.arrive_and_wait();
    std::string result = room_.bytes[0];
    room_.gate.arrive_and_wait();
    return result;
  }
  std::vector<std::string> gather_bytes(const std::string& bytes) override {
    room_.bytes[rank_] = bytes;
    room_.gate.arrive_and_wait();
    std::vector<std::string> result;
    if (rank_ == 0) result = room_.bytes;
    room_.gate.arrive_and_wait();
    return result;
  }
  int64_t max(int64_t value) override {
    room_.values[rank_] = value;
    room_.gate.arrive_and_wait();
    const int64_t largest = *std::max_element(room_.values.begin(), room_.values.end());
    room_.gate.arrive_and_wait();
    return largest;
  }
  void barrier() override { room_.gate.arrive_and_wait(); }

 private:
  Room& room_;
  int rank_;
};

// Runs `work(collective)` on as many threads as ranks, each with one compute thread.
inline void on_ranks(int ranks, const std::function<void(Collective&)>& work) {
  ThreadCollective::Room room(ranks);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      at::set_num_threads(1);
      at::AutoGradMode enabled(true);
      ThreadCollective collective(room, rank);
      work(collective);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Two classes of 24 x 24 pictures: warm or cold colours under noise. `broken` names an image that cannot be read.
class ColourDataset : public Dataset {
 public:
  explicit ColourDataset(int train, int test, std::string broken = "") : broken_(std::move(broken)) {
    classes_ = 2;
    class_names_ = {"cold", "warm"};
    add(Split::kTrain, train);
    add(Split::kTest, test);
  }

  Image image(const Sample& sample) const override {
    if (sample.id == broken_) throw ImageError(sample.id + ": the file ends too early");
    Image image{.width = 24, .height = 24, .rgb = std::vector<uint8_t>(24 * 24 * 3)};
    uint64_t state = std::hash<std::string>{}(sample.id);
    for (size_t i = 0; i < image.rgb.size(); ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const int base = i % 3 == (sample.label == 1 ? 0u : 2u) ? 120 : 60;
      image.rgb[i] = static_cast<uint8_t>(base + (state >> 58));
    }
    return image;
  }

 private:
  void add(Split split, int count) {
    for (int i = 0; i < count; ++i) {
      splits_[static_cast<size_t>(split)].push_back({.id = std::string(split_name(split)) + "/" + std::to_string(i),
                                                     .label = i % 2,
                                                     .boxes = {},
                                                     .masks = {},
                                                     .ignore_mask = "",
                                                     .width = 24,
                                                     .height = 24});
    }
  }
  std::string broken_;
};

// Keeps what a job reported; `on_progress` may request a stop.
class FakeReporter : public Reporter {
 public:
  void progress(int, int64_t step, int64_t, double) override {
    if (on_progress) on_progress(step);
  }
  void metric(const Metric& metric) override { metrics.push_back(metric); }
  void checkpoint(const std::string& path, int64_t) override { checkpoints.push_back(path); }

  std::function<void(int64_t)> on_progress;
  std::vector<Metric> metrics;
  std::vector<std::string> checkpoints;
};

// A folder of its own under the test's temporary folder, removed at the end.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& name)
      : path(std::filesystem::path(testing::TempDir()) / ("camsweep-" + name + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~ScratchFolder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

}  // namespace camsweep
