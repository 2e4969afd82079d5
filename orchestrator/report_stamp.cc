#include "orchestrator/report_stamp.h"

#include <array>
#include <fstream>

#include "schemas/files.h"
#include "schemas/hash.h"
#include "version.h"

namespace camsweep {
namespace {

// What tells two states of a sweep apart: which cells and jobs it lists, how they stand, and which attempt each result
// is of. Numbers and artifacts follow from the accepted attempt.
constexpr std::array kDrawnFrom = {
    "SELECT name, report FROM sweeps ORDER BY name",
    "SELECT id, position FROM cells WHERE stale = 0 ORDER BY id",
    "SELECT id, position, state, reason FROM jobs WHERE stale = 0 ORDER BY id",
    "SELECT cell, seed, entry, job FROM cell_jobs ORDER BY cell, seed, entry, job",
    "SELECT job, attempt, ended_at FROM attempts WHERE state = 'accepted' ORDER BY job, attempt",
};

std::filesystem::path stamp_file(const SweepFolder& folder) { return folder.report() / ".stamp"; }

}  // namespace

std::string report_stamp(Database& database) {
  Sha256 digest;
  digest.add(kCommit);  // another version may draw another page
  for (const char* query : kDrawnFrom) {
    Statement rows(database, query);
    while (rows.step()) {
      for (int column = 0; column < rows.columns(); ++column) {
        const std::string text = rows.text(column);
        digest.add(std::to_string(text.size()) + ":");
        digest.add(text);
      }
    }
    digest.add(";");
  }
  return digest.hex();
}

bool report_is_current(const SweepFolder& folder, const std::string& stamp) {
  std::string drawn;
  std::ifstream(stamp_file(folder)) >> drawn;
  return drawn == stamp && std::filesystem::exists(folder.report() / "index.html");
}

void mark_report_current(const SweepFolder& folder, const std::string& stamp) {
  make_directories(folder.report());
  write_file(stamp_file(folder), stamp + "\n");
}

}  // namespace camsweep
