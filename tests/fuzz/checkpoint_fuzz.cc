#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "schemas/error.h"
#include "workers/checkpoints/checkpoint_file.h"

// Opens the bytes as a weights file and reads every tensor. The bytes by which a container is known are put in first,
// so that each reader has a target of its own.
namespace {

int memory_file(const std::string& bytes) {
  static const int descriptor = ::memfd_create("fuzz", 0);
  if (::ftruncate(descriptor, 0) != 0) std::abort();
  if (::pwrite(descriptor, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) std::abort();
  return descriptor;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::string magic(CAMSWEEP_FUZZ_MAGIC, sizeof(CAMSWEEP_FUZZ_MAGIC) - 1);
  if (bytes.size() >= CAMSWEEP_FUZZ_AT + magic.size()) bytes.replace(CAMSWEEP_FUZZ_AT, magic.size(), magic);
  const std::string path = "/proc/self/fd/" + std::to_string(memory_file(bytes));
  try {
    for (const camsweep::TensorGroup& group : camsweep::open_checkpoint(path, {.check_crc = false}).groups) {
      for (const camsweep::NamedStoredTensor& entry : group.tensors) entry.tensor.read();
    }
  } catch (const camsweep::ConfigError&) {
  }
  return 0;
}
