#include "orchestrator/lock.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <fstream>
#include <iterator>

#include "schemas/error.h"
#include "schemas/files.h"
#include "schemas/json.h"

namespace camsweep {
namespace {

std::filesystem::path lock_file(const SweepFolder& folder) { return folder.root / "lock"; }

Descriptor open_lock(const std::filesystem::path& file) {
  Descriptor fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (!fd.open()) throw environment_error("cannot open " + file.string(), errno);
  return fd;
}

bool try_exclusive(const Descriptor& fd, const std::filesystem::path& file) {
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return true;
  if (errno != EWOULDBLOCK) throw environment_error("cannot lock " + file.string(), errno);
  return false;
}

std::string holder() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  const Json json = {{"host", host.data()},
                     {"pid", ::getpid()},
                     {"since", fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(std::time(nullptr)))}};
  return json.dump() + "\n";
}

}  // namespace

std::optional<SweepLock> SweepLock::try_acquire(const SweepFolder& folder) {
  make_directories(folder.root);
  const std::filesystem::path file = lock_file(folder);
  Descriptor fd = open_lock(file);
  if (!try_exclusive(fd, file)) return std::nullopt;
  // Written in place: a rename would leave the lock on a file that nobody finds.
  const std::string text = holder();
  if (::ftruncate(fd.get(), 0) != 0 ||
      ::pwrite(fd.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
    throw environment_error("cannot write " + file.string(), errno);
  }
  return SweepLock(std::move(fd));
}

SweepLock SweepLock::acquire(const SweepFolder& folder) {
  if (std::optional<SweepLock> lock = try_acquire(folder)) return std::move(*lock);
  std::ifstream in(lock_file(folder));
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  std::string who = "another process";
  if (json.is_object()) {
    who = fmt::format("pid {} on {} since {}", json.value("pid", 0), json.value("host", "?"), json.value("since", "?"));
  }
  throw Error(ExitCode::kLocked, fmt::format("{} is in use by {}", folder.root.string(), who));
}

std::filesystem::path gangs_lock(const SweepFolder& folder) { return folder.root / "gangs.lock"; }

void wait_for_old_gangs(const SweepFolder& folder, const Clock& clock) {
  constexpr double kPatience_s = 10;
  constexpr int kEvery_ms = 20;
  const std::filesystem::path file = gangs_lock(folder);
  const Descriptor fd = open_lock(file);
  const double until_s = clock.now_s() + kPatience_s;
  while (!try_exclusive(fd, file)) {
    if (clock.now_s() > until_s) {
      throw Error(ExitCode::kLocked, "ranks of an earlier run still write to " + folder.root.string() + " after 10 s");
    }
    ::poll(nullptr, 0, kEvery_ms);
  }
}

}  // namespace camsweep
