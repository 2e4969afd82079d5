#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "schemas/json.h"

namespace camsweep {

// One number. `name` is <source>.<metric>, e.g. "train.loss", "cam.maxboxacc". With an epoch it is a point of a
// history; without, it is the job's final value, which tables show. NaN travels as null and is stored as NULL.
struct Metric {
  std::string name;
  std::optional<int> epoch;
  double value = 0;
};

// A function sampled at `x`, e.g. "erf.ratio" against the threshold. Both have the same length.
struct Curve {
  std::string name;
  std::string x_name;
  std::vector<double> x;
  std::vector<double> y;
};

// A file a job left behind. `path` is relative to the attempt's folder; kinds: "weights", "snapshot", "state",
// "overlay", "score_maps" (a sha256sum list of .npy files), "figure", "table", "array".
struct Artifact {
  std::string path;
  std::string sha256;
  std::string kind;
  std::string label;         // for people: the image id of an overlay, the method of a map; may be empty
  std::optional<int> epoch;  // of a snapshot
};

// What an accepted job leaves: the row, its numbers and files. After a resume the histories are whole, taken from
// the checkpoint, not from live messages.
struct JobSuccess {
  std::vector<Metric> metrics;
  std::vector<Curve> curves;
  std::vector<Artifact> artifacts;
  Json environment = Json::object();  // commit, versions, host, cpu, gpu, threads, images_per_s, peak_memory_bytes
};

// An expected failure. `retryable: false` ends the job at once (wrong data, NaN loss); otherwise it is tried again.
struct JobFailure {
  std::string kind;  // "data", "diverged", "out_of_memory", "rank_died", "silent", "stuck", "start", "worker", ...
  bool retryable = true;
  std::string text;  // one sentence
};

// The gang left at a checkpoint because it was told to.
struct JobStopped {};

using JobEnd = std::variant<JobSuccess, JobFailure, JobStopped>;

Json to_json(const JobSuccess& success);
JobSuccess success_from_json(const Json& json);

}  // namespace camsweep
