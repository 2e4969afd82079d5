#include "orchestrator/command_line.h"

#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <sstream>

#include "schemas/files.h"
#include "schemas/json.h"
#include "tests/orchestrator/captured_command.h"
#include "tests/orchestrator/plan_scratch.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kSweepCommands = {"plan",   "run",    "status", "jobs",      "logs",
                                                 "retry",  "query",  "table",  "plot",      "report",
                                                 "export", "verify", "schema", "backbones", "checkpoints"};
const std::vector<std::string> kFileCommands = {"forward",    "evaluate",           "localize",           "erf", "pca",
                                                "activation", "inspect-checkpoint", "convert-checkpoint", "data"};

// A folder with one sweep file of two backbones, four cells.
class CommandLineTest : public testing::Test {
 protected:
  void SetUp() override {
    write_file(folder_ / "s.yaml",
               "sweep: s\ndataset: {kind: synth}\ndefaults: {resolution: 96}\n"
               "matrix: {backbone: [resnet18, resnet50], epochs: [1, 2]}\n"
               "exclude: [{backbone: resnet50, epochs: 2, why: dear}]\nset: [{when: {epochs: 2}, batch: 8}]\n");
  }

  CapturedCommand plan(std::vector<std::string> more) {
    more.insert(more.begin(), {"plan", (folder_ / "s.yaml").string(), "--runs", (folder_ / "runs").string()});
    return captured(more);
  }

  const PlanScratch own_{"command-line"};
  const fs::path& folder_ = own_.path;
};

// The line of `--help` that begins with the command's name, without the name.
std::string help_line(const std::string& help, const std::string& command) {
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first;
    words >> first;
    if (first == command && line.starts_with("  ")) return line.substr(line.find(command) + command.size());
  }
  return "";
}

TEST_F(CommandLineTest, HelpListsTheCommandsOfBothProgramsAsThingsToDo) {
  const CapturedCommand help = captured({"--help"});

  EXPECT_EQ(help.exit_code, 0);
  for (const auto& commands : {kSweepCommands, kFileCommands}) {
    for (const std::string& command : commands) {
      std::string verb;
      std::istringstream(help_line(help.out, command)) >> verb;
      ASSERT_FALSE(verb.empty()) << command;
      EXPECT_TRUE(std::isupper(static_cast<unsigned char>(verb[0])) && !verb.ends_with('s')) << command << ": " << verb;
    }
  }
}

TEST_F(CommandLineTest, HelpOfEveryCommandHasAnExample) {
  for (const std::string& command : kSweepCommands) {
    const CapturedCommand help = captured({command, "--help"});

    EXPECT_EQ(help.exit_code, 0);
    EXPECT_NE(help.out.find("Example:\n  camsweep " + command), std::string::npos) << help.out;
  }
}

TEST_F(CommandLineTest, AnUnknownCommandIsNamedWithTheNearest) {
  EXPECT_EQ(captured({"stauts"}).exit_code, 2);
  EXPECT_EQ(captured({"stauts"}).err,
            "there is no command 'stauts'; did you mean 'status'? (`camsweep --help` lists all)");
  EXPECT_NE(captured({"--runs", "elsewhere", "evalute"}).err.find("'evaluate'"), std::string::npos);
  EXPECT_EQ(captured({"frobnicate"}).err, "there is no command 'frobnicate' (`camsweep --help` lists all)");
}

TEST_F(CommandLineTest, NoCommandAndAnUnknownOptionAreBadInput) {
  EXPECT_EQ(captured({}).exit_code, 2);
  EXPECT_EQ(captured({"status", "--jsno"}).exit_code, 2);
}

TEST_F(CommandLineTest, ACommandAboutAFileComesFirst) {
  const CapturedCommand result = captured({"--runs", "elsewhere", "forward", "--backbone", "resnet18"});

  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("`forward` reads no sweep"), std::string::npos) << result.err;
}

TEST_F(CommandLineTest, OnlyCanBeRepeatedAndOverridesMayFollow) {
  const CapturedCommand both = plan({"--only", "backbone=resnet18", "--only", "epochs=2", "lr=1e-3", "--json"});
  const CapturedCommand run = captured({"run", "none.yaml", "--only", "backbone=resnet18", "--only", "epochs=2"});

  ASSERT_EQ(both.exit_code, 0) << both.err;
  EXPECT_EQ(Json::parse(both.out).at("cells"), 1);
  EXPECT_EQ(run.err, "none.yaml: there is no such sweep file");
}

TEST_F(CommandLineTest, ThePlanHasNoBlanksAtTheEndOfALine) {
  const CapturedCommand result = plan({});

  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out.find(" \n"), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("exclude[0]           3  removes 1  (dear)\n"), std::string::npos) << result.out;
}

}  // namespace
}  // namespace camsweep
