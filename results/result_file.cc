#include <filesystem>

#include "results/store.h"
#include "schemas/files.h"
#include "schemas/hash.h"

namespace camsweep {

void write_result_file(const std::filesystem::path& sweep_folder, const JobSpec& job, int attempt,
                       const JobSuccess& success) {
  Json content = to_json(success);
  content["format"] = 1;
  content["job"] = job.id.hex;
  content["attempt"] = attempt;
  content["identity"] = job.identity;
  content["sha256"] = sha256(canonical(content));
  write_file(sweep_folder / "jobs" / job.id.hex / "result.json", content.dump(1));
}

}  // namespace camsweep
