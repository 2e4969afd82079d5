#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "schemas/outcome.h"
#include "workers/data/image.h"
#include "workers/gang/job_context.h"

namespace camsweep {

// The files a job leaves under artifacts/ of its attempt. Each is hashed as it is written; paths below are relative to
// that folder. Throw Error (kDiskFull, kEnvironment).
class ArtifactWriter {
 public:
  explicit ArtifactWriter(std::filesystem::path attempt_folder) : root_(std::move(attempt_folder)) {}

  Artifact text(const std::string& path, const std::string& kind, const std::string& label,
                const std::string& content) const;
  Artifact picture(const std::string& path, const std::string& kind, const std::string& label,
                   const Image& image) const;
  // Names a file that is already there.
  Artifact existing(const std::string& path, const std::string& kind, const std::string& label) const;
  std::filesystem::path file(const std::string& path) const { return root_ / "artifacts" / path; }

 private:
  std::filesystem::path root_;
};

// Every rank's artifacts on rank 0, in rank order; empty elsewhere.
std::vector<Artifact> gather_artifacts(Collective& collective, const std::vector<Artifact>& own);

}  // namespace camsweep
