#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "schemas/job_spec.h"
#include "schemas/outcome.h"

// The control channel between the scheduler and rank 0 of a gang: one JSON object per line, at most 1 MiB.
namespace camsweep {

inline constexpr int kProtocolVersion = 1;
inline constexpr size_t kMaxMessageBytes = 1 << 20;

// A file an analysis reads: the accepted weights of the job it needs.
struct InputFile {
  std::string path;
  std::string sha256;
};

// Down: run this attempt. `directory` is the attempt's folder, made by the scheduler; the job's folder is two
// above, and earlier attempts' checkpoints lie beside it.
struct Assignment {
  JobId job;
  int attempt = 1;
  std::string directory;
  Stage stage = Stage::kTrain;
  Json parameters = Json::object();
  Json dataset = Json::object();
  std::map<std::string, InputFile> inputs;  // "weights" (analyses), "pretraining" (train)
};
struct Stop {
  bool now = false;  // false: write a checkpoint first
};
struct Exit {};
struct Ack {
  JobId job;
  int attempt = 1;
};
using ToGang = std::variant<Assignment, Stop, Exit, Ack>;

struct RankProcess {
  std::string host;
  int64_t pid = 0;
  int64_t start_time = 0;  // field 22 of /proc/<pid>/stat: tells a reused pid
};

// Up: the gang is there. Sent once.
struct Ready {
  int protocol = kProtocolVersion;
  std::string build;  // the commit; scheduler and workers must agree
  std::vector<RankProcess> ranks;
};
struct Progress {
  JobId job;
  int attempt = 1;
  int epoch = 0;
  int64_t step = 0;
  int64_t of = 0;
  double rate = 0;  // images per second
};
struct LiveMetric {
  JobId job;
  int attempt = 1;
  Metric metric;
};
struct CheckpointWritten {
  JobId job;
  int attempt = 1;
  std::string path;
  int64_t step = 0;
};
struct Outcome {
  JobId job;
  int attempt = 1;
  JobEnd end;
};
using FromGang = std::variant<Ready, Progress, LiveMetric, CheckpointWritten, Outcome>;

// One line without its newline.
std::string encode(const ToGang& message);
std::string encode(const FromGang& message);

// Throw std::invalid_argument saying what is wrong with the line.
ToGang decode_to_gang(std::string_view line);
FromGang decode_from_gang(std::string_view line);

}  // namespace camsweep
