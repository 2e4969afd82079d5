#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "results/store.h"
#include "schemas/messages.h"

namespace camsweep {

// What the run loop writes down, as Store does it. An interface so that the loop can be tested without a database.
class Records {
 public:
  virtual ~Records() = default;
  virtual std::optional<AcceptedWeights> accepted_weights(const JobId& train_job, std::optional<int> epoch) const = 0;
  virtual void begin_attempt(const JobId& job, int attempt, const std::string& gang) = 0;
  virtual void record_progress(const Progress& progress) = 0;
  virtual void record_live_metric(const LiveMetric& live) = 0;
  virtual void record_event(const std::string& kind, const std::optional<JobId>& job, const std::string& text) = 0;
  virtual bool accept(const JobId& job, int attempt, const JobSuccess& success) = 0;
  virtual void end_attempt(const JobId& job, int attempt, const JobFailure& failure, bool counts) = 0;
  virtual void set_state(const JobId& job, JobState state, const std::string& reason) = 0;
  virtual void reset(const JobId& job) = 0;
  virtual void commit() = 0;
  // Writes the result file of an accepted job: the last thing that is done for it, after the commit that made its row
  // durable.
  virtual void publish(const JobSpec& job, int attempt, const JobSuccess& success) = 0;
};

// The real ones: a sweep's database and result files.
class StoredRecords : public Records {
 public:
  StoredRecords(Store& store, std::filesystem::path sweep_folder)
      : store_(store), sweep_folder_(std::move(sweep_folder)) {}

  std::optional<AcceptedWeights> accepted_weights(const JobId& train_job, std::optional<int> epoch) const override {
    return store_.accepted_weights(train_job, epoch);
  }
  void begin_attempt(const JobId& job, int attempt, const std::string& gang) override {
    store_.begin_attempt(job, attempt, gang);
  }
  void record_progress(const Progress& now) override {
    store_.record_progress(now.job, now.attempt, now.epoch, now.step, now.of, now.rate);
  }
  void record_live_metric(const LiveMetric& live) override {
    store_.record_live_metric(live.job, live.attempt, live.metric);
  }
  void record_event(const std::string& kind, const std::optional<JobId>& job, const std::string& text) override {
    store_.record_event(kind, job, text);
  }
  bool accept(const JobId& job, int attempt, const JobSuccess& success) override {
    return store_.accept(job, attempt, success);
  }
  void end_attempt(const JobId& job, int attempt, const JobFailure& failure, bool counts) override {
    store_.end_attempt(job, attempt, failure, counts);
  }
  void set_state(const JobId& job, JobState state, const std::string& reason) override {
    store_.set_state(job, state, reason);
  }
  void reset(const JobId& job) override { store_.reset(job); }
  void commit() override { store_.commit(); }
  void publish(const JobSpec& job, int attempt, const JobSuccess& success) override {
    write_result_file(sweep_folder_, job, attempt, success);
  }

 private:
  Store& store_;
  std::filesystem::path sweep_folder_;
};

}  // namespace camsweep
