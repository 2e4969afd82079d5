#include "orchestrator/mpi_gangs.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "orchestrator/clock.h"
#include "schemas/error.h"
#include "schemas/files.h"

namespace camsweep {
namespace {

constexpr double kReapEvery_s = 0.01;  // a dying rank of ours that is not our child sends us no signal

std::string own_host() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

int highest_log(const std::filesystem::path& folder) {
  int highest = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    highest = std::max(highest, std::atoi(entry.path().stem().c_str()));
  }
  return highest;
}

}  // namespace

std::vector<std::string> gang_environment(char** own) {
  constexpr std::array kNames = {"PATH", "HOME", "USER", "LOGNAME", "LANG", "LD_LIBRARY_PATH", "TZ"};
  constexpr std::array kPrefixes = {"LC_",  "OMPI_", "PMIX_",  "PRTE_",     "UCX_",  "CUDA_",  "NVIDIA_", "NCCL_",
                                    "OMP_", "MKL_",  "TORCH_", "CAMSWEEP_", "ASAN_", "UBSAN_", "LSAN_"};
  std::vector<std::string> passed;
  for (char** entry = own; *entry; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    const bool named = std::find(kNames.begin(), kNames.end(), name) != kNames.end();
    const bool prefixed = std::any_of(kPrefixes.begin(), kPrefixes.end(),
                                      [&](std::string_view prefix) { return name.starts_with(prefix); });
    if (named || prefixed) passed.emplace_back(text);
  }
  return passed;
}

MpiGangs::MpiGangs(Options options) : options_(std::move(options)), host_(own_host()), scratch_(options_.scratch) {
  ::prctl(PR_SET_CHILD_SUBREAPER,
          1);  // ranks of a killed mpirun become our children, so that we can reap them
  make_directories(options_.folder.root / "gangs");
  first_log_ = highest_log(options_.folder.root / "gangs") + 1;
}

MpiGangs::~MpiGangs() {
  for (auto& [id, member] : members_) kill(id);
  const SteadyClock clock;
  const double patience_s = clock.now_s() + 10;  // a rank in an uninterruptible call must not hold up a report
  while (!members_.empty() && clock.now_s() < patience_s) wait(kReapEvery_s);
}

std::filesystem::path MpiGangs::log(GangId gang) const {
  return options_.folder.gang_log(first_log_ + gang.number - 1);
}

Command MpiGangs::command(const std::vector<int>& slots, const std::vector<std::filesystem::path>& scratch,
                          const std::string& marker) const {
  Command command;
  auto& arguments = command.arguments;
  const auto add = [&](const std::vector<std::string>& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
  };
  // Slots are ours to count, and cores ours to give: mpirun binds nothing and refuses nothing.
  add({options_.mpirun, "--bind-to", "none", "--oversubscribe"});
  add(gang_arguments(options_.slots, slots, options_.rank_program,
                     {"--build", options_.build, "--lock", options_.gangs_lock, "--", options_.worker_program}));

  command.environment = gang_environment(environ);
  auto& environment = command.environment;
  const auto set = [&](const std::string& variable) {
    const std::string name = variable.substr(0, variable.find('=') + 1);
    std::erase_if(environment, [&](const std::string& entry) { return entry.starts_with(name); });
    environment.push_back(variable);
  };
  set(marker);
  set("OMPI_MCA_odls_base_sigkill_timeout=0");  // else a gang that lost a rank takes a second to end
  set("UCX_ERROR_SIGNALS=");                    // UCX would catch SIGSEGV and hide how a rank ended
  set("CUDA_DEVICE_ORDER=PCI_BUS_ID");
  if (!scratch.at(0).empty()) set("TMPDIR=" + scratch[0].string());
  if (!scratch.at(1).empty()) {
    set("OMPI_MCA_btl_vader_backing_directory=" + scratch[1].string());
    set("OMPI_MCA_btl_sm_backing_directory=" + scratch[1].string());
  }
  if (::geteuid() == 0) {
    for (const char* runtime : {"OMPI", "PRTE"}) {
      set(fmt::format("{}_ALLOW_RUN_AS_ROOT=1", runtime));
      set(fmt::format("{}_ALLOW_RUN_AS_ROOT_CONFIRM=1", runtime));
    }
  }
  return command;
}

void MpiGangs::start(GangId gang, const std::vector<int>& slots) {
  const std::string marker = fmt::format("CAMSWEEP_GANG={}.{}", scratch_.name(), gang.number);
  const GangProcess::Launch launch{
      .command = command(slots, scratch_.make(gang.number), marker), .marker = marker, .log = log(gang), .host = host_};
  members_.emplace(gang, Member{.process = GangProcess(launch)});
}

void MpiGangs::send(GangId gang, const ToGang& message) {
  const auto member = members_.find(gang);
  if (member != members_.end()) member->second.process.send(encode(message));
}

void MpiGangs::kill(GangId gang) {
  const auto member = members_.find(gang);
  if (member == members_.end()) return;
  member->second.killed = true;
  member->second.process.kill();
}

std::vector<Event> MpiGangs::wait(double timeout_s) {
  const bool dying =
      std::any_of(members_.begin(), members_.end(), [](const auto& entry) { return entry.second.killed; });
  poll(dying ? std::min(timeout_s, kReapEvery_s) : timeout_s);
  std::vector<Event> events;
  for (const int number : signals_.take()) {
    if (number != SIGCHLD) events.emplace_back(StopRequested{});
  }
  reap_children();
  const double now_s = SteadyClock().now_s();
  for (auto entry = members_.begin(); entry != members_.end();) {
    auto& [id, member] = *entry;
    collect(id, member, events);
    if (member.killed && member.process.gone(now_s)) {
      scratch_.remove(id.number);
      events.emplace_back(GangReaped{id, std::nullopt});
      entry = members_.erase(entry);
      continue;
    }
    if (member.killed) member.process.kill();
    ++entry;
  }
  return events;
}

void MpiGangs::poll(double timeout_s) {
  std::vector<pollfd> watched = {{.fd = signals_.fd(), .events = POLLIN, .revents = 0}};
  for (const auto& [id, member] : members_) {
    const GangProcess& process = member.process;
    if (process.listens()) watched.push_back({.fd = process.output_fd(), .events = POLLIN, .revents = 0});
    if (process.has_unsent()) watched.push_back({.fd = process.input_fd(), .events = POLLOUT, .revents = 0});
  }
  ::poll(watched.data(), watched.size(), static_cast<int>(std::ceil(std::max(0.0, timeout_s) * 1000)));
  for (auto& [id, member] : members_) member.process.write_unsent();
}

void MpiGangs::reap_children() {
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    for (auto& [id, member] : members_) {
      if (member.process.pid() == pid) member.process.reaped(status);
    }
  }
}

// Everything that the gang sent is handed over before its end is.
void MpiGangs::collect(GangId id, Member& member, std::vector<Event>& events) {
  for (FromGang& message : member.process.read()) events.emplace_back(GangMessage{id, std::move(message)});
  if (member.exit_told) return;
  std::optional<std::string> how = member.process.broken();
  if (!how) how = member.process.end();
  if (!how) return;
  member.exit_told = true;
  events.emplace_back(GangExited{id, *how});
}

}  // namespace camsweep
