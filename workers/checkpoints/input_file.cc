#include "workers/checkpoints/input_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "schemas/error.h"

namespace camsweep {

InputFile::InputFile(const std::filesystem::path& file) : name_(file.string()) {
  // Without O_NONBLOCK a pipe given by mistake would wait for a writer.
  descriptor_ = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0) fail(fmt::format("cannot be read as a weights file: {}", std::strerror(errno)));
  struct stat status = {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    fail("cannot be read as a weights file: it is no regular file");
  }
  size_ = static_cast<uint64_t>(status.st_size);
}

InputFile::~InputFile() { ::close(descriptor_); }

void InputFile::read(uint64_t offset, void* target, uint64_t bytes) const {
  auto* to = static_cast<char*>(target);
  while (bytes > 0) {
    const ssize_t count = ::pread(descriptor_, to, bytes, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(fmt::format("failed while it was read: {}", std::strerror(errno)));
    if (count == 0) fail("ended while it was read, so it is cut off or being changed");
    to += count;
    offset += static_cast<uint64_t>(count);
    bytes -= static_cast<uint64_t>(count);
  }
}

std::string InputFile::read(uint64_t offset, uint64_t bytes) const {
  if (offset > size_ || bytes > size_ - offset) fail("is cut off or damaged: a part of it lies beyond its end");
  std::string content(bytes, '\0');
  read(offset, content.data(), bytes);
  return content;
}

void InputFile::fail(const std::string& what) const { throw ConfigError(fmt::format("{}: {}", name_, what)); }

}  // namespace camsweep
