#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "orchestrator/gang_process.h"
#include "orchestrator/gang_scratch.h"
#include "orchestrator/gangs.h"
#include "orchestrator/signals.h"
#include "orchestrator/slots.h"
#include "orchestrator/sweep_folder.h"

namespace camsweep {

// Gangs as MPI worlds, one mpirun each, and the signals of this process. Makes this process adopt and reap
// orphaned ranks. Lives in the main thread; at its end no gang is left.
class MpiGangs : public Gangs {
 public:
  struct Options {
    std::filesystem::path mpirun;
    std::filesystem::path rank_program;    // camsweep-rank
    std::filesystem::path worker_program;  // camsweep-worker
    SweepFolder folder;
    std::filesystem::path gangs_lock;  // held shared by every rank
    std::string build;
    SlotPlan slots;
    std::vector<std::filesystem::path> scratch = {"/tmp", "/dev/shm"};
  };
  explicit MpiGangs(Options options);
  ~MpiGangs() override;

  void start(GangId gang, const std::vector<int>& slots) override;
  void send(GangId gang, const ToGang& message) override;
  void kill(GangId gang) override;
  std::vector<Event> wait(double timeout_s) override;

  // Where the gang's own words are: runs/<sweep>/gangs/<n>.log.
  std::filesystem::path log(GangId gang) const;

 private:
  struct Member {
    GangProcess process;
    bool exit_told = false;
    bool killed = false;
  };

  Command command(const std::vector<int>& slots, const std::vector<std::filesystem::path>& scratch,
                  const std::string& marker) const;
  void poll(double timeout_s);
  void reap_children();
  void collect(GangId id, Member& member, std::vector<Event>& events);

  Options options_;
  std::string host_;
  GangScratch scratch_;
  Signals signals_;
  std::map<GangId, Member> members_;
  int first_log_ = 1;  // logs of earlier runs keep their numbers
};

// The environment of a gang: what is needed, by name, of this process's; nothing else gets through.
std::vector<std::string> gang_environment(char** own);

}  // namespace camsweep
