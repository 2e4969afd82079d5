// Commands that read a sweep, on a small database of which every number is known.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "results/schema.h"
#include "schemas/files.h"
#include "schemas/json.h"
#include "tests/orchestrator/captured_command.h"
#include "tests/orchestrator/fixture_sweep.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

class CommandsTest : public testing::Test {
 protected:
  void TearDown() override { fs::remove_all(FixtureSweep::scratch()); }

  CapturedCommand run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--runs", (FixtureSweep::scratch() / "runs").string()});
    return captured(arguments);
  }
  Json json(std::vector<std::string> arguments) const {
    const CapturedCommand result = run(std::move(arguments));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return Json::parse(result.out, nullptr, /*allow_exceptions=*/false);
  }
  // The sentence with which a command refuses; its exit code must be 2.
  std::string refusal(std::vector<std::string> arguments) const {
    const CapturedCommand result = run(std::move(arguments));
    EXPECT_EQ(result.exit_code, 2) << result.out;
    return result.err;
  }

  FixtureSweep sweep_;
};

TEST_F(CommandsTest, StatusCountsJobsAndEstimatesTheTimeLeft) {
  const Json status = json({"status", "birds", "--json"});

  EXPECT_EQ(status.at("sweep"), "birds");
  EXPECT_EQ(status.at("jobs"),
            Json({{"total", 5}, {"done", 2}, {"running", 1}, {"failed", 1}, {"blocked", 1}, {"waiting", 0}}));
  EXPECT_NEAR(status.at("eta_s").get<double>(), 75, 0.01);  // 15 of 20 steps of 100 s
  EXPECT_NEAR(status.at("stages").at("train").at("mean_duration_s").get<double>(), 100, 0.01);
  EXPECT_EQ(status.at("running").at(0).at("job"), sweep_.drawing.id.hex);
  EXPECT_EQ(status.at("running").at(0).at("step"), 5);
  EXPECT_EQ(status.at("failed").at(0).at("job"), sweep_.broken.id.hex);
}

TEST_F(CommandsTest, RecipesAreListedPrintedAndDescribed) {
  EXPECT_NE(captured({"recipes"}).out.find("cam-back-again\n"), std::string::npos);
  EXPECT_EQ(captured({"recipes", "wsol-2020"}).out,
            read_file(CAMSWEEP_SOURCE_DIR "/experiments/recipes/wsol-2020.yaml"));
  EXPECT_NE(captured({"recipes", "--fields"}).out.find("layer_decay"), std::string::npos);
  const Json all = Json::parse(captured({"recipes", "--json"}).out);
  EXPECT_EQ(all.at("cam-back-again").at("augmentation").at("mixup"), 0.8);
  EXPECT_EQ(all.at("cam-back-again").at("no_augmentation").at("mixup"), 0);
  EXPECT_EQ(captured({"recipes", "theirs"}).exit_code, 2);
}

TEST_F(CommandsTest, AReasonThatIsNoUtf8KeepsNobodyFromReadingTheRest) {
  {
    Store store(sweep_.folder.root);
    store.set_state(sweep_.broken.id, JobState::kFailed, "data: b\xe4r.jpg");
    store.commit();
  }

  EXPECT_EQ(json({"status", "--json"}).at("failed").at(0).at("reason"), "data: b\xEF\xBF\xBDr.jpg");
}

TEST_F(CommandsTest, StatusForPeopleSaysTheSame) {
  const std::string text = run({"status", "birds"}).out;

  EXPECT_TRUE(text.starts_with("birds: 2 of 5 jobs done, 1 min 15 s left\n")) << text;
  EXPECT_NE(text.find("step 5 of 20"), std::string::npos) << text;
  EXPECT_NE(text.find("data: bad.jpg is damaged\n"), std::string::npos) << text;
}

TEST_F(CommandsTest, StatusDoesNotGuessTheDurationOfAStageThatFinishedNothing) {
  {
    Store store(sweep_.folder.root);
    store.database().exec("UPDATE attempts SET state = 'lost' WHERE job = '" + sweep_.drawn.id.hex + "'");
    store.database().exec("UPDATE attempts SET step = NULL");
  }

  EXPECT_EQ(json({"status", "--json"}).at("eta_s"), nullptr);
  EXPECT_TRUE(run({"status"}).out.starts_with("birds: 2 of 5 jobs done, time left unknown\n"));
}

TEST_F(CommandsTest, JobsAreListedWithWhatTellsThemApart) {
  const std::string all = run({"jobs"}).out;
  const Json failed = json({"jobs", "--state", "failed,blocked", "--json"});
  const Json maps = json({"jobs", "--stage", "localize", "--where", "backbone=resnet*", "--json"});

  EXPECT_TRUE(all.starts_with("job         stage     state    attempts  backbone       epochs  seed  reason\n")) << all;
  EXPECT_EQ(all.find("reading bad.jpg"), std::string::npos) << "more than the reason's first line";
  ASSERT_EQ(failed.size(), 2U);
  EXPECT_EQ(failed[0].at("reason"), "data: bad.jpg is damaged\nreading bad.jpg");
  EXPECT_EQ(maps.size(), 2U);
}

TEST_F(CommandsTest, NoJobIsLikeThatIsNoError) {
  const CapturedCommand result = run({"jobs", "--where", "epochs>=30"});

  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "no job is like that\n");
}

TEST_F(CommandsTest, WhereComparesNumbersTextsAndNothing) {
  const auto found = [&](const std::string& where) { return json({"query", "--where", where, "--json"}).size(); };

  EXPECT_EQ(found("backbone=resnet18"), 3U);
  EXPECT_EQ(found("backbone!=resnet*"), 2U);
  EXPECT_EQ(found("epochs>10 AND stage = 'train'"), 1U);
  EXPECT_EQ(found("cam.maxboxacc>=70 and cam.maxboxacc<71"), 1U);
  EXPECT_EQ(found("cam.maxboxacc!=null"), 1U);
  EXPECT_NE(refusal({"query", "--where", "epocs=1"}).find("did you mean 'epochs'?"), std::string::npos);
  EXPECT_NE(refusal({"query", "--where", "epochs"}).find("expected column, comparison"), std::string::npos);
}

TEST_F(CommandsTest, QueryAnswersOneSelectAndNothingElse) {
  const std::string sql = "SELECT stage, count(*) AS n FROM runs GROUP BY stage ORDER BY stage";

  EXPECT_EQ(run({"query", "birds", sql}).out, "stage     n\nlocalize  3\ntrain     2\n");
  EXPECT_EQ(run({"query", sql, "--csv"}).out, "stage,n\r\nlocalize,3\r\ntrain,2\r\n");
  EXPECT_EQ(json({"query", sql, "--json"}).at(1).at("n"), 2);
  EXPECT_NE(refusal({"query", "DELETE FROM jobs"}).find("it may only read"), std::string::npos);
  EXPECT_NE(refusal({"query", "SELECT colour FROM runs"}).find("no such column"), std::string::npos);
  EXPECT_NE(refusal({"query", "birds"}).find("either an SQL statement or --where"), std::string::npos);
  EXPECT_EQ(json({"jobs", "--json"}).size(), 5U);
}

TEST_F(CommandsTest, ExportWritesTheFormatThatTheFileNames) {
  const fs::path out = FixtureSweep::scratch() / "out";
  fs::create_directories(out);

  EXPECT_EQ(run({"export", "--view", "job_metrics", "--out", (out / "m.csv").string()}).err,
            "2 rows of job_metrics in " + (out / "m.csv").string() + "\n");
  run({"export", "--out", (out / "runs.jsonl").string()});

  const std::string lines = read_file(out / "runs.jsonl");
  EXPECT_TRUE(read_file(out / "m.csv").starts_with("sweep,job,stage,seed,at_epoch,metric,epoch,value\r\n"));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 5);
  EXPECT_NE(refusal({"export", "--out", "runs.xlsx"}).find("expected a file that ends in .csv"), std::string::npos);
  EXPECT_NE(refusal({"export", "--view", "run", "--out", "x.csv"}).find("did you mean 'runs'?"), std::string::npos);
}

TEST_F(CommandsTest, ExportWritesEveryRowHoweverMany) {
  Database(sweep_.folder.database(), Database::Mode::kWrite)
      .exec(
          "CREATE VIEW many AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000002)"
          " SELECT i FROM n");
  const std::string out = (FixtureSweep::scratch() / "many.csv").string();

  EXPECT_EQ(run({"export", "--view", "many", "--out", out}).err, "1000002 rows of many in " + out + "\n");

  const std::string lines = read_file(out);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1000003);
}

TEST_F(CommandsTest, VerifySaysFromWhichSideItRepaired) {
  Database(sweep_.folder.database(), Database::Mode::kWrite).exec("UPDATE metrics SET value = 12.5");
  std::filesystem::remove(sweep_.folder.job(sweep_.drawn.id) / "result.json");

  const Json report = json({"verify", "--json"});

  std::multiset<std::string> from;
  for (const Json& fault : report.at("faults")) from.insert(fault.at("from").get<std::string>());
  EXPECT_EQ(from, (std::multiset<std::string>{"database", "result file"}));
  EXPECT_TRUE(run({"verify"}).out.starts_with("2 results"));
}

TEST_F(CommandsTest, LogsShowsTheEndOfAnAttemptsLog) {
  const std::string& id = sweep_.broken.id.hex;

  EXPECT_EQ(run({"logs", "last", "--lines", "2"}).out, "reading bad.jpg\nbad.jpg is damaged\n");
  EXPECT_EQ(run({"logs", "birds", id.substr(0, 8), "--lines", "1"}).out, "bad.jpg is damaged\n");
  EXPECT_NE(refusal({"logs", id, "--rank", "3"}).find("has no log of rank 3 in attempt 1"), std::string::npos);
  EXPECT_NE(refusal({"logs", id, "--attempt", "9"}).find("in attempt 9"), std::string::npos);
  EXPECT_NE(refusal({"logs", sweep_.blocked.id.hex}).find("was not started yet"), std::string::npos);
  EXPECT_NE(refusal({"logs", "ffffffffffff"}).find("ffffffffffff"), std::string::npos);
}

TEST_F(CommandsTest, RetrySaysHowToContinueWhereTheSweepLies) {
  const CapturedCommand result = run({"retry", "birds"});

  EXPECT_EQ(result.exit_code, 0);
  EXPECT_NE(result.err.find("2 jobs wait again; continue with: camsweep run " + sweep_.file().string() + " --runs " +
                            (FixtureSweep::scratch() / "runs").string()),
            std::string::npos)
      << result.err;
}

TEST_F(CommandsTest, ADatabaseOfANewerVersionIsRefusedByEveryReader) {
  {
    Database database(sweep_.folder.database(), Database::Mode::kWrite);
    database.exec("PRAGMA user_version = " + std::to_string(kDatabaseVersion + 1));
  }

  for (const std::string command : {"status", "jobs", "verify"}) {
    EXPECT_EQ(run({command}).exit_code, 5) << command;
  }
}

// Ages of running jobs stand below.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// What each command that reads a sweep needs beside the sweep.
struct Reader {
  std::string command;
  std::vector<std::string> more;
};

class ReadersTest : public CommandsTest, public testing::WithParamInterface<Reader> {
 protected:
  CapturedCommand read(const std::string& sweep) const {
    std::vector<std::string> arguments = {GetParam().command};
    if (!sweep.empty()) arguments.push_back(sweep);
    arguments.insert(arguments.end(), GetParam().more.begin(), GetParam().more.end());
    return run(arguments);
  }
};

TEST_P(ReadersTest, FindASweepByNameFileFolderAndTime) {
  const FixtureSweep older("older");
  fs::last_write_time(older.folder.database(), fs::last_write_time(sweep_.folder.database()) - std::chrono::hours(1));
  const CapturedCommand latest = read("");

  EXPECT_EQ(latest.exit_code, 0) << latest.err;
  for (const std::string& name : {std::string("birds"), sweep_.file().string(), sweep_.folder.root.string()}) {
    const CapturedCommand named = read(name);
    EXPECT_EQ(named.exit_code, 0) << name << ": " << named.err;
    EXPECT_EQ(first_line(named.out), first_line(latest.out)) << name;
  }
}

TEST_P(ReadersTest, WithoutTheSweepOneSentenceSaysWhichThereAre) {
  const CapturedCommand unknown = read("brids");
  fs::remove_all(sweep_.folder.root);
  const CapturedCommand none = read("");

  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_NE(unknown.err.find("no sweep is named 'brids'"), std::string::npos) << unknown.err;
  EXPECT_NE(unknown.err.find("are birds"), std::string::npos) << unknown.err;
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_NE(none.err.find("there is no sweep in "), std::string::npos) << none.err;
  EXPECT_EQ(none.err.find('\n'), std::string::npos) << none.err;
}

INSTANTIATE_TEST_SUITE_P(All, ReadersTest,
                         testing::Values(Reader{"status", {}}, Reader{"jobs", {"--json"}},
                                         Reader{"query", {"--where", "epochs>0"}},
                                         Reader{"export", {"--out", (FixtureSweep::scratch() / "x.json").string()}},
                                         Reader{"verify", {}}, Reader{"logs", {"last"}}),
                         [](const auto& reader) { return reader.param.command; });

TEST(BackbonesCommandTest, TheReadmesListIsItsOutput) {
  const std::string readme = read_file(std::filesystem::path(CAMSWEEP_SOURCE_DIR) / "README.md");

  EXPECT_NE(readme.find("```\n" + captured({"backbones"}).out + "```\n"), std::string::npos);
}

}  // namespace
}  // namespace camsweep
