#include "workers/gang/run_guarded.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <new>
#include <stdexcept>

#include "schemas/error.h"
#include "schemas/files.h"

namespace camsweep {
namespace {

template <class Exception>
JobFailure failure_of_a(const Exception& exception) {
  return failure_of(std::make_exception_ptr(exception));
}

TEST(FailureOfTest, WrongInputAndBugsAreNotTriedAgain) {
  EXPECT_EQ(failure_of_a(ConfigError("x")).kind, "data");
  EXPECT_FALSE(failure_of_a(ConfigError("x")).retryable);
  EXPECT_EQ(failure_of_a(Error(ExitCode::kBug, "x")).kind, "bug");
  EXPECT_FALSE(failure_of_a(Error(ExitCode::kBug, "x")).retryable);
}

TEST(FailureOfTest, WhatMayBeBetterNextTimeIsTriedAgain) {
  EXPECT_EQ(failure_of_a(std::bad_alloc()).kind, "out_of_memory");
  EXPECT_TRUE(failure_of_a(std::bad_alloc()).retryable);
  EXPECT_EQ(failure_of_a(environment_error("disk", ENOSPC)).kind, "disk_full");
  EXPECT_EQ(failure_of_a(std::runtime_error("x")).kind, "worker");
  EXPECT_TRUE(failure_of_a(std::runtime_error("x")).retryable);
}

TEST(FailureOfTest, AnAllocationThatLibTorchRefusesIsOutOfMemory) {
  try {
    at::empty({int64_t{1} << 58}, at::kByte);
    FAIL() << "2^58 bytes were granted";
  } catch (...) {
    EXPECT_EQ(failure_of(std::current_exception()).kind, "out_of_memory");
  }
}

class SecondOfTwo : public Collective {
 public:
  int rank() const override { return 1; }
  int size() const override { return 2; }
  void all_reduce_sum(at::Tensor&) override {}
  void join() override {}
  void broadcast(at::Tensor&) override {}
  std::string broadcast_bytes(std::string bytes) override { return bytes; }
  std::vector<std::string> gather_bytes(const std::string&) override { return {}; }
  int64_t max(int64_t value) override { return value; }
  void barrier() override {}
};

class NoReporter : public Reporter {
 public:
  void progress(int, int64_t, int64_t, double) override {}
  void metric(const Metric&) override {}
  void checkpoint(const std::string&, int64_t) override {}
};

TEST(RunGuardedDeathTest, ARankOfALargerGangLeavesARecordAndEndsItsProcess) {
  const auto folder = std::filesystem::path(testing::TempDir()) / ("guarded" + std::to_string(::getpid()));
  make_directories(folder);
  const Assignment assignment{.job = {"c"}, .attempt = 1, .directory = folder, .inputs = {}};
  SecondOfTwo collective;
  NoReporter reporter;
  const std::atomic<StopRequest> stop = StopRequest::kNone;
  JobContext context{.assignment = assignment, .collective = collective, .reporter = reporter, .stop = stop};

  EXPECT_EXIT(run_guarded([](JobContext&) -> JobEnd { throw ConfigError("image 7 is damaged"); }, context),
              testing::ExitedWithCode(1), "");

  const Json record = Json::parse(read_file(folder / "failure.rank1.json"));
  EXPECT_EQ(record.at("kind"), "data");
  EXPECT_EQ(record.at("retryable"), false);
  EXPECT_EQ(record.at("text"), "image 7 is damaged");
  EXPECT_GT(record.at("time").get<double>(), 1.6e9);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace camsweep
