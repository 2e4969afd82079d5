#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "schemas/messages.h"
#include "workers/gang/job_context.h"

namespace camsweep {

// What the scheduler sends to rank 0, read by a thread of its own, so that a stop reaches a running job. The messages'
// order is kept: an assignment clears the stop that was meant for the job before it.
class Inbox {
 public:
  // Reads `fd` until its end, which counts as `exit`; so do an unreadable channel and a line that is no message,
  // because a scheduler that this rank does not understand is no scheduler of its own.
  explicit Inbox(int fd);
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // Waits for the next assignment, as the line it came in. None: leave.
  std::optional<std::string> next_assignment();

  const std::atomic<StopRequest>& stop() const { return stop_; }

 private:
  void read_until_end(int fd);
  void take(const std::string& line);

  int wake_fd_;  // an eventfd that ends the thread's waiting
  std::atomic<StopRequest> stop_ = StopRequest::kNone;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::string> assignments_;
  bool ended_ = false;  // no assignment follows those in the queue
  std::thread thread_;
};

}  // namespace camsweep
