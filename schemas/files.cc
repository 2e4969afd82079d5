#include "schemas/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

#include "schemas/error.h"

namespace camsweep {
namespace {

// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    if (fd_ < 0) throw environment_error("cannot open " + path.string(), errno);
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

void write_all(int fd, std::string_view bytes, const std::filesystem::path& file) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw environment_error("cannot write " + file.string(), errno);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

void sync(int fd, const std::filesystem::path& file) {
  if (::fsync(fd) != 0) throw environment_error("cannot sync " + file.string(), errno);
}

}  // namespace

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw environment_error("cannot read " + file.string(), errno);
  std::ostringstream text;
  text << in.rdbuf();
  if (in.bad()) throw environment_error("cannot read " + file.string(), EIO);
  return std::move(text).str();
}

void write_file(const std::filesystem::path& file, std::string_view bytes, Sync durability) {
  std::filesystem::path partial = file;
  partial += ".partial" + std::to_string(::getpid());
  try {
    Descriptor out(partial, O_WRONLY | O_CREAT | O_TRUNC);
    write_all(out.get(), bytes, file);
    if (durability == Sync::kYes) sync(out.get(), file);
    if (::rename(partial.c_str(), file.c_str()) != 0) throw environment_error("cannot write " + file.string(), errno);
  } catch (...) {
    ::unlink(partial.c_str());
    throw;
  }
  if (durability == Sync::kYes) {
    const Descriptor folder(file.has_parent_path() ? file.parent_path() : ".", O_RDONLY | O_DIRECTORY);
    sync(folder.get(), file);
  }
}

void make_directories(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw environment_error("cannot make the folder " + folder.string(), error.value());
}

std::filesystem::path resolve_path(const std::string& path, const std::filesystem::path& sweep_file) {
  std::error_code error;
  for (const std::filesystem::path& base : {sweep_file.parent_path(), std::filesystem::path()}) {
    const std::filesystem::path candidate = std::filesystem::absolute(base / path, error).lexically_normal();
    if (std::filesystem::exists(candidate, error)) return candidate;
  }
  return {};
}

}  // namespace camsweep
