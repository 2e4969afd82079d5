#include "orchestrator/gang_scratch.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

namespace camsweep {
namespace {

constexpr const char* kPrefix = "camsweep-gang-";
// Stands in every root: a folder that only looks like one of ours is never removed.
constexpr const char* kMarker = ".camsweep-gang-scratch";

// The lock on a folder, or a closed descriptor: another process has it, or the folder is gone.
Descriptor try_lock(const std::filesystem::path& folder) {
  Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.open() || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return {};
  struct stat ours {
  }, there{};
  const bool same = ::fstat(fd.get(), &ours) == 0 && ::stat(folder.c_str(), &there) == 0 &&
                    ours.st_ino == there.st_ino && ours.st_uid == ::geteuid();
  return same ? std::move(fd) : Descriptor();
}

void remove_stale(const std::filesystem::path& parent) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(parent, error)) {
    if (!entry.path().filename().string().starts_with(kPrefix)) continue;
    if (!std::filesystem::is_regular_file(entry.path() / kMarker, error)) continue;
    const Descriptor lock = try_lock(entry.path());
    std::error_code ignored;  // what cannot be removed now is tried again at the next start
    if (lock.open()) std::filesystem::remove_all(entry.path(), ignored);
  }
}

}  // namespace

GangScratch::GangScratch(const std::vector<std::filesystem::path>& parents) {
  for (const std::filesystem::path& parent : parents) {
    remove_stale(parent);
    Root root;
    // Between mkdtemp and the lock another scheduler may take the new folder for a dead one's.
    for (int tries = 0; tries < 10 && !root.lock.open(); ++tries) {
      std::string pattern = parent / (std::string(kPrefix) + "XXXXXX");
      if (!::mkdtemp(pattern.data())) break;
      root = {pattern, try_lock(pattern)};
      if (root.lock.open()) std::ofstream(root.folder / kMarker);
    }
    if (!root.lock.open()) root.folder.clear();
    if (name_.empty() && !root.folder.empty()) {
      name_ = root.folder.filename().string().substr(std::string_view(kPrefix).size());
    }
    roots_.push_back(std::move(root));
  }
}

GangScratch::~GangScratch() {
  for (const Root& root : roots_) {
    std::error_code ignored;
    if (!root.folder.empty()) std::filesystem::remove_all(root.folder, ignored);
  }
}

std::vector<std::filesystem::path> GangScratch::make(int gang) {
  std::vector<std::filesystem::path> folders;
  for (const Root& root : roots_) {
    std::error_code error;
    const std::filesystem::path folder = root.folder / std::to_string(gang);
    if (root.folder.empty() || !std::filesystem::create_directory(folder, error)) {
      folders.emplace_back();
    } else {
      folders.push_back(folder);
    }
  }
  return folders;
}

void GangScratch::remove(int gang) {
  for (const Root& root : roots_) {
    std::error_code ignored;
    if (!root.folder.empty()) std::filesystem::remove_all(root.folder / std::to_string(gang), ignored);
  }
}

}  // namespace camsweep
