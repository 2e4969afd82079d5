// Every kind of bad input and broken environment: one clear sentence, the exit code of the table, nothing
// lost.
#include <gtest/gtest.h>
#include <unistd.h>

#include "schemas/files.h"
#include "schemas/json.h"
#include "tests/integration/command.h"
#include "tests/integration/sweeps.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  text.replace(text.find(what), what.size(), by);
  return text;
}

// Runs the sweep and expects it to be refused with `code` and a text that holds `words`.
void expect_refused(const std::string& name, const std::string& sweep, int code, const std::string& words,
                    std::vector<std::string> options = {}) {
  const Scratch scratch(name);
  write_file(scratch.path / "small.yaml", sweep);
  std::vector<std::string> arguments = {"run", "small.yaml"};
  arguments.insert(arguments.end(), options.begin(), options.end());

  const CommandResult result = camsweep(arguments, scratch.path);

  EXPECT_EQ(result.exit_code, code) << result.err;
  EXPECT_NE(result.err.find(words), std::string::npos) << result.err;
  EXPECT_TRUE(marked_processes(scratch.path).empty());
}

// Runs a shell line in a mount namespace of its own; nothing if this machine does not allow one.
std::optional<CommandResult> in_namespace(const std::string& line, const fs::path& folder) {
  if (Command({"/usr/bin/unshare", "-m", "true"}, folder).wait().exit_code != 0) return std::nullopt;
  return Command({"/usr/bin/unshare", "-m", "/bin/sh", "-c", line}, folder).wait();
}

TEST(BadInputTest, UnknownBackboneNamesTheNearest) {
  expect_refused("backbone", replaced(small_sweep(), "backbone: [tiny]", "backbone: [resnet5]"), 2, "resnet50");
}

TEST(BadInputTest, MissingDataSetIsFoundBeforeAnythingRuns) {
  expect_refused("dataset",
                 replaced(small_sweep(), "{kind: synth, classes: 3, train: 16, val: 2, test: 4, side: 64, seed: 1}",
                          "{kind: wsol, root: nowhere}"),
                 2, "nowhere");
}

TEST(BadInputTest, MissingCheckpointIsFoundBeforeAnythingRuns) {
  expect_refused("checkpoint", replaced(small_sweep(), "eval_side: 64", "eval_side: 64, pretraining: gone.safetensors"),
                 2, "gone.safetensors");
}

TEST(BadInputTest, BatchMustBeAMultipleOfTheGang) {
  expect_refused("batch", replaced(small_sweep(), "batch: 8", "batch: 7"), 2, "batch");
}

TEST(BadInputTest, GangLargerThanTheSlots) { expect_refused("slots", small_sweep(), 2, "slots", {"--slots", "1"}); }

TEST(BadInputTest, MpirunNotFound) {
  const Scratch scratch("mpirun");
  write_file(scratch.path / "small.yaml", small_sweep());
  fs::create_directories(scratch.path / "empty");

  const CommandResult result =
      camsweep({"run", "small.yaml"}, scratch.path, {{"PATH", (scratch.path / "empty").string()}});

  EXPECT_EQ(result.exit_code, 3) << result.err;
  EXPECT_NE(result.err.find("mpirun"), std::string::npos) << result.err;
}

TEST(BadInputTest, DatabaseOfANewerVersionIsLeftAlone) {
  const Scratch scratch("newer");
  write_file(scratch.path / "small.yaml", small_sweep(1));
  const CommandResult first = camsweep({"run", "small.yaml", "--no-report"}, scratch.path);
  ASSERT_EQ(first.exit_code, 0) << first.err;
  const fs::path database = scratch.path / "runs/small/results.db";
  ASSERT_EQ(
      Command({"/usr/bin/sqlite3", database.string(), "PRAGMA user_version = 999"}, scratch.path).wait().exit_code, 0);
  const std::string before = read_file(database);

  const CommandResult run = camsweep({"run", "small.yaml"}, scratch.path);
  const CommandResult status = camsweep({"status", "small"}, scratch.path);

  EXPECT_EQ(run.exit_code, 5) << run.err;
  EXPECT_NE(run.err.find("999"), std::string::npos) << run.err;
  EXPECT_EQ(status.exit_code, 5) << status.err;
  EXPECT_EQ(read_file(database), before);
}

TEST(BadInputTest, UnreadableImageFailsItsJobsOnceAndNamesTheFile) {
  const Scratch scratch("image");
  ASSERT_EQ(camsweep({"data", "synth", "--classes", "3", "--train", "16", "--val", "2", "--test", "4", "--side", "64",
                      "--out", "shapes"},
                     scratch.path)
                .exit_code,
            0);
  fs::path damaged;
  const std::string ids = read_file(scratch.path / "shapes/metadata/train/image_ids.txt");
  damaged = scratch.path / "shapes/images" / ids.substr(0, ids.find('\n'));
  const std::string bytes = read_file(damaged);
  write_file(damaged, bytes.substr(0, bytes.size() / 2));
  write_file(scratch.path / "small.yaml",
             replaced(small_sweep(), "{kind: synth, classes: 3, train: 16, val: 2, test: 4, side: 64, seed: 1}",
                      "{kind: wsol, root: shapes}"));

  const CommandResult run = camsweep({"run", "small.yaml"}, scratch.path);
  const CommandResult jobs = camsweep({"jobs", "small", "--json"}, scratch.path);
  const CommandResult check = camsweep({"data", "check", "shapes"}, scratch.path);

  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_NE(run.err.find(damaged.filename().string()), std::string::npos) << run.err;
  for (const Json& job : Json::parse(jobs.out)) {
    EXPECT_EQ(job.at("state"), job.at("stage") == "train" ? "failed" : "blocked");
    EXPECT_LE(job.at("attempts"), 1);
  }
  EXPECT_EQ(check.exit_code, 6);
  EXPECT_NE(check.out.find(damaged.filename().string()), std::string::npos) << check.out;
}

TEST(BadInputTest, FullDiskStopsTheSweepAndItContinuesWithMoreRoom) {
  const Scratch scratch("full");
  write_file(scratch.path / "small.yaml", small_sweep(2));
  const std::string camsweep_program = program("camsweep");

  const auto result = in_namespace("mkdir runs && mount -t tmpfs -o size=600k none runs && " + camsweep_program +
                                       " run small.yaml --no-report; code=$?; " + camsweep_program +
                                       " status small >&2; mount -o remount,size=60m runs && " + camsweep_program +
                                       " run small.yaml --no-report; echo first $code second $?",
                                   scratch.path);

  if (!result) GTEST_SKIP() << "this machine allows no mount namespace";
  EXPECT_NE(result->out.find("first 8 second 0"), std::string::npos) << result->out << result->err;
}

TEST(BadInputTest, ReadOnlyFolderIsOneSentence) {
  const Scratch scratch("readonly");
  write_file(scratch.path / "small.yaml", small_sweep(1));
  fs::create_directories(scratch.path / "runs");

  const auto result = in_namespace("mount --bind runs runs && mount -o remount,ro,bind runs && " + program("camsweep") +
                                       " run small.yaml; echo code $?",
                                   scratch.path);

  if (!result) GTEST_SKIP() << "this machine allows no mount namespace";
  EXPECT_NE(result->out.find("code 3"), std::string::npos) << result->out << result->err;
}

}  // namespace
}  // namespace camsweep
