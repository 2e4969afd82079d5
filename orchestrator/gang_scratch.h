#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "orchestrator/descriptor.h"

namespace camsweep {

// The temporary folders of a scheduler's gangs: a SIGKILL leaks what Open MPI keeps in its session folder and
// in shared memory, so each gang gets places of its own that are removed when it is reaped. Each root is
// locked while its scheduler lives; the roots of dead ones are removed by the next that starts.
class GangScratch {
 public:
  // Below each of `parents` that is a writable folder ("/tmp", "/dev/shm"). Short paths: Open MPI makes
  // sockets there.
  explicit GangScratch(const std::vector<std::filesystem::path>& parents);
  ~GangScratch();
  GangScratch(const GangScratch&) = delete;
  GangScratch& operator=(const GangScratch&) = delete;

  // Makes the gang's folder below each parent, in their order; "" where the parent cannot be used.
  std::vector<std::filesystem::path> make(int gang);
  void remove(int gang);

  // Six characters that no other living scheduler of this machine has.
  const std::string& name() const { return name_; }

 private:
  struct Root {
    std::filesystem::path folder;  // "" if the parent cannot be used
    Descriptor lock;
  };
  std::vector<Root> roots_;
  std::string name_;
};

}  // namespace camsweep
