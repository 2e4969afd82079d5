#include <cstdint>
#include <string_view>

#include "schemas/error.h"
#include "workers/checkpoints/pickle.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    camsweep::read_pickle({reinterpret_cast<const char*>(data), size}, "fuzz");
  } catch (const camsweep::ConfigError&) {
  }
  return 0;
}
