#pragma once

#include <c10/core/Device.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>

#include "schemas/messages.h"
#include "workers/gang/collective.h"

namespace camsweep {

// What a running job tells the world. Rank 0 sends it up the channel; other ranks' reporter does nothing.
class Reporter {
 public:
  virtual ~Reporter() = default;
  // Cheap: stores numbers that the heartbeat thread sends every 2 s. One ERF image is a step.
  virtual void progress(int epoch, int64_t step, int64_t of, double images_per_s) = 0;
  virtual void metric(const Metric& metric) = 0;
  virtual void checkpoint(const std::string& path, int64_t step) = 0;
};

enum class StopRequest : int { kNone = 0, kCheckpoint = 1, kNow = 2 };

// Everything a job sees of the gang it runs on. Lives as long as the job; all ranks run the job together.
struct JobContext {
  const Assignment& assignment;
  Collective& collective;
  Reporter& reporter;
  const std::atomic<StopRequest>& stop;  // this rank's; a job turns it into a decision of all ranks
  c10::Device device = c10::Device(c10::kCPU);
  int threads = 1;  // compute threads this rank was given

  bool is_root() const { return collective.rank() == 0; }
  std::filesystem::path directory() const { return assignment.directory; }
};

}  // namespace camsweep
