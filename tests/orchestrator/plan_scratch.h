#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace camsweep {

// A folder of a test's own, in which plans also keep their cache of hashes.
class PlanScratch {
 public:
  explicit PlanScratch(const std::string& name)
      : path(std::filesystem::path(testing::TempDir()) / (name + "-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path / "cache");
    ::setenv("XDG_CACHE_HOME", (path / "cache").c_str(), 1);
  }
  ~PlanScratch() {
    ::unsetenv("XDG_CACHE_HOME");
    std::filesystem::remove_all(path);
  }
  PlanScratch(const PlanScratch&) = delete;
  PlanScratch& operator=(const PlanScratch&) = delete;

  const std::filesystem::path path;
};

}  // namespace camsweep
