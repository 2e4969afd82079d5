#pragma once

#include <filesystem>
#include <optional>

#include "orchestrator/clock.h"
#include "orchestrator/descriptor.h"
#include "orchestrator/sweep_folder.h"

namespace camsweep {

// The right to write to a sweep's folder. The kernel frees it when the process ends, however it ends, so there is
// nothing to unlock by hand. The file names host, pid and since when, for whoever finds it taken.
class SweepLock {
 public:
  // None: another process has it. Makes the folder. Throws Error (kEnvironment): cannot write there.
  static std::optional<SweepLock> try_acquire(const SweepFolder& folder);
  // Throws Error (kLocked) that names the holder.
  static SweepLock acquire(const SweepFolder& folder);

 private:
  explicit SweepLock(Descriptor fd) : fd_(std::move(fd)) {}
  Descriptor fd_;
};

// Held shared by every rank of a sweep.
std::filesystem::path gangs_lock(const SweepFolder& folder);

// Waits until no rank of an earlier scheduler writes to the folder any more. Throws Error (kLocked) after 10 s.
void wait_for_old_gangs(const SweepFolder& folder, const Clock& clock);

}  // namespace camsweep
