#include "workers/gang/rank.h"

#include <ATen/Parallel.h>
#include <malloc.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <memory>
#include <utility>
#include <variant>

#include "schemas/error.h"
#include "schemas/messages.h"
#include "version.h"
#include "workers/gang/channel_reporter.h"
#include "workers/gang/device.h"
#include "workers/gang/inbox.h"
#include "workers/gang/line_channel.h"
#include "workers/gang/mpi_world.h"
#include "workers/gang/process.h"

namespace camsweep {
namespace {

// What rank 0 alone has: both directions of the control channel.
class Control {
 public:
  explicit Control(const RankOptions& options)
      : channel_(options.channel_fd), reporter_(channel_, options.beat), inbox_(options.input_fd) {}

  void say_ready(std::vector<RankProcess> ranks) {
    channel_.write(encode(FromGang(Ready{.build = kCommit, .ranks = std::move(ranks)})));
  }
  std::optional<std::string> next_assignment() { return inbox_.next_assignment(); }
  const std::atomic<StopRequest>& stop() const { return inbox_.stop(); }
  ChannelReporter& reporter() { return reporter_; }

 private:
  LineWriter channel_;
  ChannelReporter reporter_;
  Inbox inbox_;
};

class SilentReporter : public Reporter {
 public:
  void progress(int, int64_t, int64_t, double) override {}
  void metric(const Metric&) override {}
  void checkpoint(const std::string&, int64_t) override {}
};

std::vector<RankProcess> gather_processes(Collective& collective) {
  const RankProcess self = this_process();
  const Json json = {self.host, self.pid, self.start_time};
  std::vector<RankProcess> ranks;
  for (const std::string& text : collective.gather_bytes(json.dump())) {
    const Json rank = Json::parse(text);
    ranks.push_back({.host = rank[0], .pid = rank[1], .start_time = rank[2]});
  }
  return ranks;
}

// The same on every rank: the line rank 0 got. Empty: leave.
std::string next_line(Collective& collective, Control* control) {
  return collective.broadcast_bytes(control == nullptr ? "" : control->next_assignment().value_or(""));
}

}  // namespace

void serve_jobs(Collective& collective, c10::Device device, const RankOptions& options, const JobRunner& run) {
  std::vector<RankProcess> ranks = gather_processes(collective);
  const auto control = collective.rank() == 0 ? std::make_unique<Control>(options) : nullptr;
  SilentReporter silent;
  const std::atomic<StopRequest> never = StopRequest::kNone;
  if (control) control->say_ready(std::move(ranks));

  for (std::string line; !(line = next_line(collective, control.get())).empty();) {
    const Assignment assignment = std::get<Assignment>(decode_to_gang(line));
    if (control) control->reporter().begin(assignment.job, assignment.attempt);
    JobContext context{.assignment = assignment,
                       .collective = collective,
                       .reporter = control ? static_cast<Reporter&>(control->reporter()) : silent,
                       .stop = control ? control->stop() : never,
                       .device = device,
                       .threads = options.threads};
    JobEnd end = run_guarded(run, context);
    if (control) control->reporter().end(std::move(end));
  }
}

void run_rank(const RankOptions& options, const JobRunner& run) {
  // Keep freed memory: a training step allocates the same large blocks again, and page faults cost 5 to 10 % of it.
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  ::mallopt(M_TRIM_THRESHOLD, INT_MAX);
  at::set_num_threads(options.threads);
  std::signal(SIGPIPE, SIG_IGN);  // a lost scheduler is an error of write(2)
  const MpiWorld world(options.size ? options.size : promised_world_size());
  const c10::Device device = choose_device();
  const std::unique_ptr<Collective> collective = make_collective(world, device);
  serve_jobs(*collective, device, options, run);
}

}  // namespace camsweep
