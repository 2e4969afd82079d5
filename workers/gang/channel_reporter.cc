#include "workers/gang/channel_reporter.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "schemas/error.h"

namespace camsweep {

ChannelReporter::ChannelReporter(LineWriter& channel, std::chrono::milliseconds beat)
    : channel_(channel), beat_(beat), thread_([this] { this->beat(); }) {}

ChannelReporter::~ChannelReporter() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  closing_.notify_one();
  thread_.join();
}

void ChannelReporter::begin(const JobId& job, int attempt) {
  progress(0, 0, 0, 0);
  const std::lock_guard lock(mutex_);
  attempt_ = Attempt{.job = job, .number = attempt};
}

void ChannelReporter::end(JobEnd end) {
  const std::lock_guard lock(mutex_);
  Outcome outcome{.job = running().job, .attempt = running().number, .end = std::move(end)};
  std::string line = encode(FromGang(outcome));
  if (line.size() > kMaxMessageBytes) {
    const std::string text = fmt::format(
        "the job's outcome takes {} bytes, at most {} go up the channel; large results "
        "belong into artifacts",
        line.size(), kMaxMessageBytes);
    outcome.end = JobFailure{.kind = "worker", .retryable = false, .text = text};
    line = encode(FromGang(outcome));
  }
  attempt_.reset();
  channel_.write(line);
}

void ChannelReporter::progress(int epoch, int64_t step, int64_t of, double images_per_s) {
  epoch_ = epoch;
  step_ = step;
  of_ = of;
  images_per_s_ = images_per_s;
}

void ChannelReporter::metric(const Metric& metric) {
  const Attempt& attempt = running();
  channel_.write(encode(FromGang(LiveMetric{.job = attempt.job, .attempt = attempt.number, .metric = metric})));
}

void ChannelReporter::checkpoint(const std::string& path, int64_t step) {
  const Attempt& attempt = running();
  channel_.write(
      encode(FromGang(CheckpointWritten{.job = attempt.job, .attempt = attempt.number, .path = path, .step = step})));
}

void ChannelReporter::beat() {
  try {
    std::unique_lock lock(mutex_);
    while (!closing_.wait_for(lock, beat_, [this] { return closed_; })) {
      if (!attempt_) continue;
      channel_.write(encode(FromGang(Progress{.job = attempt_->job,
                                              .attempt = attempt_->number,
                                              .epoch = epoch_,
                                              .step = step_,
                                              .of = of_,
                                              .rate = images_per_s_})));
    }
  } catch (const std::exception& error) {
    // Without its scheduler the gang works for nobody. The main thread may be in a step for hours: end the process.
    fmt::print(stderr, "rank 0 leaves: {}\n", error.what());
    ::_exit(static_cast<int>(ExitCode::kEnvironment));
  }
}

// Only the main thread changes which attempt runs, so it reads it without the lock.
const ChannelReporter::Attempt& ChannelReporter::running() const {
  CAMSWEEP_CHECK(attempt_.has_value(), "a job reports while it runs");
  return *attempt_;
}

}  // namespace camsweep
