#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace camsweep {

// What a process of ours ends with; design and README list them for users.
enum class ExitCode {
  kDone = 0,
  kJobsFailed = 1,
  kBadInput = 2,
  kEnvironment = 3,
  kLocked = 4,
  kSchemaVersion = 5,
  kCorruption = 6,
  kInterrupted = 7,
  kDiskFull = 8,
  kBug = 70,
};

// What ends a command: one sentence for the user and the exit code. Caught once, in main().
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& sentence) : std::runtime_error(sentence), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

// Wrong input: says where, what was found, what is allowed. Thrown only while input is read.
class ConfigError : public Error {
 public:
  explicit ConfigError(const std::string& sentence) : Error(ExitCode::kBadInput, sentence) {}
};

// The environment is broken (disk, MPI, a missing program). Turns errno into a code: ENOSPC and EDQUOT are
// kDiskFull, everything else kEnvironment.
Error environment_error(const std::string& what, int error_number);

// Ends the process's work with exit code 70: an invariant of ours does not hold.
[[noreturn]] void report_bug(std::string_view invariant, std::string_view file, int line);

}  // namespace camsweep

// Always on. `invariant` is the sentence that should have been true.
#define CAMSWEEP_CHECK(condition, invariant) \
  ((condition) ? void(0) : ::camsweep::report_bug(invariant, __FILE__, __LINE__))
