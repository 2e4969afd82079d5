#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "workers/gang/job_context.h"
#include "workers/gang/line_channel.h"

namespace camsweep {

// Rank 0's voice: what a job reports becomes messages, and a thread that makes no MPI call sends `progress` while a job
// runs, so that a long step does not look like a dead gang. Nothing of a job is sent after its outcome.
class ChannelReporter : public Reporter {
 public:
  ChannelReporter(LineWriter& channel, std::chrono::milliseconds beat);
  ~ChannelReporter() override;
  ChannelReporter(const ChannelReporter&) = delete;
  ChannelReporter& operator=(const ChannelReporter&) = delete;

  void begin(const JobId& job, int attempt);
  // Sends the outcome. One that is longer than a message may be is a failure that says so.
  void end(JobEnd end);

  void progress(int epoch, int64_t step, int64_t of, double images_per_s) override;
  void metric(const Metric& metric) override;
  void checkpoint(const std::string& path, int64_t step) override;

 private:
  struct Attempt {
    JobId job;
    int number = 1;
  };
  void beat();
  const Attempt& running() const;

  LineWriter& channel_;
  const std::chrono::milliseconds beat_;
  std::atomic<int> epoch_ = 0;
  std::atomic<int64_t> step_ = 0;
  std::atomic<int64_t> of_ = 0;
  std::atomic<double> images_per_s_ = 0;

  std::mutex mutex_;  // held while a beat is written: none can follow the outcome
  std::condition_variable closing_;
  std::optional<Attempt> attempt_;  // the running one
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace camsweep
