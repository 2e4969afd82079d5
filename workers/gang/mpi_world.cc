#include "workers/gang/mpi_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <string_view>
#include <thread>

#include "schemas/error.h"

namespace camsweep {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr microseconds kTestOnly{50};
constexpr microseconds kShortestSleep{50};
constexpr microseconds kLongestSleep{2000};

std::optional<int> number_in_environment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  int number = 0;
  const std::string_view digits = text;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

}  // namespace

void check_mpi(int result, const char* call) {
  if (result == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  MPI_Error_string(result, text, &length);
  throw Error(ExitCode::kEnvironment, fmt::format("{} failed: {}", call, std::string_view(text, length)));
}

void wait_mpi(MPI_Request& request) {
  const auto start = steady_clock::now();
  for (;;) {
    int done = 0;
    check_mpi(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test");
    if (done) return;
    const auto waited = std::chrono::duration_cast<microseconds>(steady_clock::now() - start);
    if (waited < kTestOnly) continue;
    std::this_thread::sleep_for(std::clamp(waited / 8, kShortestSleep, kLongestSleep));
  }
}

MpiWorld::MpiWorld(std::optional<int> expected_size) {
  int provided = MPI_THREAD_SINGLE;
  check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided), "MPI_Init_thread");
  check_mpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check_mpi(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(MPI_COMM_WORLD, &size_), "MPI_Comm_size");
  if (provided < MPI_THREAD_SERIALIZED) {
    throw Error(ExitCode::kEnvironment, "this MPI was built without thread support (MPI_THREAD_SERIALIZED)");
  }
  if (expected_size && *expected_size != size_) {
    throw Error(ExitCode::kEnvironment,
                fmt::format("the gang's MPI world has {} ranks instead of {}; under srun, use --mpi=pmix", size_,
                            *expected_size));
  }
}

MpiWorld::~MpiWorld() {
  if (std::uncaught_exceptions() == 0) MPI_Finalize();
}

std::optional<int> promised_world_size() {
  if (const auto size = number_in_environment("OMPI_COMM_WORLD_SIZE")) return size;
  return number_in_environment("SLURM_NTASKS");
}

std::string mpi_version() {
#ifdef OMPI_MAJOR_VERSION
  return fmt::format("Open MPI {}.{}.{}", OMPI_MAJOR_VERSION, OMPI_MINOR_VERSION, OMPI_RELEASE_VERSION);
#else
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = {};
  int length = 0;
  MPI_Get_library_version(text, &length);
  return std::string(text, length);
#endif
}

}  // namespace camsweep
