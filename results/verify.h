#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace camsweep {

enum class Repair { kNo, kYes };
enum class Depth {
  kWeights,  // hashes weights and snapshots; other files only have to be there
  kAll       // hashes every file
};

// Which side was intact: the result file, or the rows of the database.
enum class RepairedFrom { kNothing, kFile, kDatabase };

// One thing that is wrong with a sweep's folder, in one sentence.
struct Fault {
  std::string text;
  RepairedFrom from = RepairedFrom::kNothing;
  bool repaired() const { return from != RepairedFrom::kNothing; }
};

struct VerifyReport {
  int64_t results = 0;  // accepted ones that were compared
  int64_t files = 0;    // artifacts that were looked at
  std::vector<Fault> faults;
  bool sound() const;  // nothing is wrong that was not repaired
};

// Checks the database itself (SQLite's integrity and foreign keys), every accepted row against its result.json, and
// every artifact. With Repair::kYes what a result.json that proves itself says replaces rows that differ or are gone,
// and a missing or damaged result.json is rebuilt from the database; the caller then holds the sweep's lock. A job
// whose row is gone comes back as stale, until the next run lists it. Artifacts cannot be repaired. Throws Error:
// kSchemaVersion, kCorruption (no database that can be read), kEnvironment.
VerifyReport verify_sweep(const std::filesystem::path& sweep_folder, Repair repair, Depth depth);

}  // namespace camsweep
