#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "orchestrator/command_line.h"
#include "schemas/error.h"

namespace camsweep {

// What a command printed and ended with, as a shell would see it.
struct CapturedCommand {
  int exit_code = 0;
  std::string out;
  std::string err;
};

// Runs `camsweep ARGUMENTS..` in this process.
inline CapturedCommand captured(const std::vector<std::string>& arguments) {
  CapturedCommand result;
  std::string sentence;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  try {
    result.exit_code = run_command_line("/nowhere/camsweep", arguments);
  } catch (const Error& error) {
    result.exit_code = static_cast<int>(error.code());
    sentence = error.what();
  }
  result.out = testing::internal::GetCapturedStdout();
  result.err = testing::internal::GetCapturedStderr() + sentence;
  return result;
}

}  // namespace camsweep
