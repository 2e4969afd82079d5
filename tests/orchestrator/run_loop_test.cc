#include "orchestrator/run_loop.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <functional>

#include "orchestrator/job_folder.h"
#include "orchestrator/requests.h"
#include "schemas/error.h"
#include "schemas/files.h"
#include "tests/orchestrator/scheduler_fakes.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

class FakeClock : public Clock {
 public:
  double now_s() const override { return time_s; }
  mutable double time_s = 0;
};

// Gangs that are ready at once, answer each assignment with what `work` returns, and vanish when told.
class FakeGangs : public Gangs {
 public:
  explicit FakeGangs(FakeClock& clock) : clock_(clock) {}

  void start(GangId gang, const std::vector<int>& slots) override {
    ++started;
    next_.emplace_back(GangMessage{gang, ready_of(slots.size())});
  }
  void send(GangId gang, const ToGang& message) override {
    if (const auto* assignment = std::get_if<Assignment>(&message)) {
      assignments.push_back(*assignment);
      next_.emplace_back(GangMessage{gang, Outcome{assignment->job, assignment->attempt, work(*assignment)}});
    } else if (std::holds_alternative<Exit>(message)) {
      next_.emplace_back(GangExited{gang, "it left"});
    } else if (std::holds_alternative<Ack>(message)) {
      ++acks;
    }
  }
  void kill(GangId gang) override { next_.emplace_back(GangReaped{gang, std::nullopt}); }
  std::vector<Event> wait(double timeout_s) override {
    clock_.time_s += next_.empty() ? std::max(0.001, timeout_s) : 0.0001;
    return std::exchange(next_, {});
  }

  std::function<JobEnd(const Assignment&)> work = [](const Assignment&) { return JobSuccess{}; };
  std::vector<Assignment> assignments;
  int started = 0;
  int acks = 0;

 private:
  FakeClock& clock_;
  std::vector<Event> next_;
};

class FakeRecords : public Records {
 public:
  std::optional<AcceptedWeights> accepted_weights(const JobId& job, std::optional<int>) const override {
    return durable.contains(job) ? std::optional(AcceptedWeights{"/w/" + job.hex, "sha"}) : std::nullopt;
  }
  void begin_attempt(const JobId&, int, const std::string&) override {}
  void record_progress(const Progress&) override {}
  void record_live_metric(const LiveMetric&) override {}
  void record_event(const std::string&, const std::optional<JobId>&, const std::string&) override {}
  bool accept(const JobId& job, int, const JobSuccess&) override { return open_.insert(job).second; }
  void end_attempt(const JobId&, int, const JobFailure& failure, bool) override { failures.push_back(failure); }
  void set_state(const JobId& job, JobState state, const std::string& reason) override {
    states[job] = {state, reason};
  }
  void reset(const JobId& job) override { states[job] = {JobState::kWaiting, ""}; }
  void commit() override {
    ++commits;
    if (disk_full) throw Error(ExitCode::kDiskFull, "cannot write results.db: No space left on device");
    durable.insert(open_.begin(), open_.end());
  }
  void publish(const JobSpec& job, int, const JobSuccess&) override {
    EXPECT_TRUE(durable.contains(job.id)) << "a result file before its row is durable";
    ++published;
  }

  std::set<JobId> durable;
  std::map<JobId, std::pair<JobState, std::string>> states;
  std::vector<JobFailure> failures;
  int commits = 0;
  int published = 0;
  bool disk_full = false;

 private:
  std::set<JobId> open_;
};

class RunLoopTest : public testing::Test {
 protected:
  RunLoopTest() : folder_{fs::path(testing::TempDir()) / ("loop-" + std::to_string(::getpid()))}, gangs_(clock_) {}
  ~RunLoopTest() override {
    std::fclose(talk_);
    fs::remove_all(folder_.root);
  }

  Finish run(const std::vector<JobSpec>& jobs, int slots = 1) {
    Scheduler scheduler(jobs, {}, some_slots(slots));
    ProgressLine progress(talk_, ProgressLine::Style::kPlain);
    RunLoop loop({.scheduler = scheduler,
                  .jobs = jobs,
                  .folder = folder_,
                  .records = records_,
                  .gangs = gangs_,
                  .clock = clock_,
                  .progress = progress});
    return loop.run();
  }

  SweepFolder folder_;
  FakeClock clock_;
  FakeGangs gangs_;
  FakeRecords records_;
  std::FILE* talk_ = std::tmpfile();
};

TEST_F(RunLoopTest, RunsATrainingAndThenItsAnalysisOnTheAcceptedWeights) {
  const Finish finish = run({a_job("train"), a_job("map", 1, {"train"})});

  EXPECT_EQ(finish.code, ExitCode::kDone);
  ASSERT_EQ(gangs_.assignments.size(), 2U);
  EXPECT_EQ(gangs_.assignments[0].directory, folder_.attempt({"train"}, 1));
  EXPECT_EQ(gangs_.assignments[1].inputs.at("weights").path, "/w/train");
  EXPECT_EQ(gangs_.started, 1) << "the warm gang was not used";
  EXPECT_EQ(records_.published, 2);
  EXPECT_TRUE(fs::is_directory(folder_.attempt({"map"}, 1)));
  EXPECT_TRUE(fs::exists(folder_.job({"map"}) / "job.json"));
}

TEST_F(RunLoopTest, ResultsThatArriveTogetherShareACommit) {
  std::vector<JobSpec> jobs;
  for (int job = 0; job < 200; ++job) jobs.push_back(a_job("job" + std::to_string(job)));

  run(jobs, 2);

  EXPECT_EQ(records_.durable.size(), 200U);
  EXPECT_LT(records_.commits, 20);
  EXPECT_GE(gangs_.acks, 198);  // a gang may be gone before the last
}

TEST_F(RunLoopTest, AFailureKeepsTheFirstRanksReasonAndTheLastLinesOfItsLog) {
  gangs_.work = [](const Assignment& assignment) {
    const fs::path attempt = assignment.directory;
    std::string log;
    for (int line = 1; line <= 30; ++line) log += "line " + std::to_string(line) + "\n";
    write_file(attempt / "rank1.log", log);
    write_file(attempt / "failure.rank0.json", R"({"kind":"worker","retryable":true,"text":"peer is gone","time":20})");
    write_file(attempt / "failure.rank1.json", R"({"kind":"data","retryable":false,"text":"bad.jpg","time":10})");
    return JobFailure{"data", false, "bad.jpg is damaged"};
  };

  const Finish finish = run({a_job("a"), a_job("map", 1, {"a"})});

  EXPECT_EQ(finish.code, ExitCode::kJobsFailed);
  ASSERT_EQ(records_.failures.size(), 1U);
  const std::string& text = records_.failures[0].text;
  EXPECT_TRUE(text.starts_with("bad.jpg is damaged\nline 11\n")) << text;
  EXPECT_NE(text.find("rank1.log"), std::string::npos);
  EXPECT_EQ(records_.states.at({"a"}).first, JobState::kFailed);
  EXPECT_EQ(records_.states.at({"map"}).first, JobState::kBlocked);
}

TEST_F(RunLoopTest, WhatIsNoUtf8InALogOrARecordIsReplacedBeforeItIsRecorded) {
  gangs_.work = [](const Assignment& assignment) {
    const fs::path attempt = assignment.directory;
    write_file(attempt / "rank0.log", "cannot read b\xe4r.jpg\n");
    write_file(attempt / "failure.rank0.json",
               "{\"kind\":\"data\",\"retryable\":false,\"text\":\"b\xe4r.jpg\",\"time\":10}");
    return JobFailure{"data", false, "a picture is damaged"};
  };

  run({a_job("a")});

  const std::string bear = "b\xEF\xBF\xBDr.jpg";
  ASSERT_EQ(records_.failures.size(), 1U);
  EXPECT_NE(records_.failures[0].text.find("cannot read " + bear), std::string::npos) << records_.failures[0].text;
  EXPECT_NO_THROW((void)Json(records_.states.at({"a"}).second).dump());
  EXPECT_EQ(failure_record(folder_.attempt({"a"}, 1)).value().text, bear);
}

TEST_F(RunLoopTest, AfterAcceptanceOnlyArtifactsAndLogsOfATrainingStay) {
  gangs_.work = [](const Assignment& assignment) {
    const fs::path attempt = assignment.directory;
    for (const char* file : {"weights.safetensors", "state-9.safetensors", "rank0.log"})
      write_file(attempt / file, "x");
    JobSuccess success;
    success.artifacts.push_back(
        {.path = "weights.safetensors", .sha256 = "s", .kind = "weights", .label = "", .epoch = {}});
    return success;
  };

  run({a_job("a")});

  const fs::path attempt = folder_.attempt({"a"}, 1);
  EXPECT_TRUE(fs::exists(attempt / "weights.safetensors"));
  EXPECT_TRUE(fs::exists(attempt / "rank0.log"));
  EXPECT_FALSE(fs::exists(attempt / "state-9.safetensors"));
}

TEST_F(RunLoopTest, AFullDiskEndsTheRunBeforeAnythingIsAcknowledged) {
  records_.disk_full = true;

  try {
    run({a_job("a")});
    FAIL() << "it went on";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kDiskFull);
  }
  EXPECT_EQ(gangs_.acks, 0);
  EXPECT_EQ(records_.published, 0);
}

TEST_F(RunLoopTest, ARetryRequestOfAnotherProcessIsTakenWhileTheRunLasts) {
  int tries = 0;
  gangs_.work = [&](const Assignment& assignment) -> JobEnd {
    if (assignment.job.hex == "b") {
      if (++tries == 1) leave_request(folder_, {.kind = "retry", .jobs = {"aaaa"}});
      if (tries < 3) {
        clock_.time_s += 1;
        return JobFailure{"worker", true, "again"};
      }
      return JobSuccess{};
    }
    return tries == 0 ? JobEnd(JobFailure{"data", false, "missing file"}) : JobEnd(JobSuccess{});
  };

  const Finish finish = run({a_job("aaaa1"), a_job("b")});

  EXPECT_EQ(finish.code, ExitCode::kDone);
  EXPECT_EQ(records_.durable.size(), 2U);
  EXPECT_TRUE(take_requests(folder_).empty());
}

}  // namespace
}  // namespace camsweep
