#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "schemas/error.h"
#include "schemas/files.h"
#include "schemas/json.h"
#include "tests/workers/training/fakes.h"
#include "workers/checkpoints/model_file.h"
#include "workers/commands/commands.h"

namespace camsweep {
namespace {

namespace fs = std::filesystem;

// `camsweep forward` on a photograph, with an untrained small network of three classes.
class ForwardCommandTest : public testing::Test {
 protected:
  void SetUp() override {
    write_weights({});
    write_png(picture_, Image{16, 16, std::vector<uint8_t>(768, 90)});
  }

  void write_weights(const std::vector<std::string>& class_names) const {
    const ModelCard card{.variant = find_backbone("convnext_atto"),
                         .options = {.classes = 3},
                         .resolution = 32,
                         .class_names = class_names};
    const auto backbone = make_backbone(card.variant, card.options);
    backbone->initialize(1);
    write_model(weights_, *backbone, card);
  }

  std::string file(const std::string& name, const std::string& text) const {
    make_directories((folder_.path / name).parent_path());
    write_file(folder_.path / name, text);
    return (folder_.path / name).string();
  }

  std::string forward(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--backbone", "convnext_atto", "--size", "32", "--weights", weights_.string(),
                                         "--input", picture_.string()});
    return run(std::move(arguments));
  }

  // Throws what the command throws.
  static std::string run(std::vector<std::string> arguments) {
    CLI::App app;
    WorkerCommandLine line;
    add_forward_command(app, line);
    arguments.insert(arguments.begin(), "forward");
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes a vector
    testing::internal::CaptureStdout();
    try {
      app.parse(arguments);
    } catch (...) {
      testing::internal::GetCapturedStdout();
      throw;
    }
    return testing::internal::GetCapturedStdout();
  }

  // The names of the classes, in their order.
  std::vector<std::string> names(std::vector<std::string> arguments) const {
    arguments.emplace_back("--json");
    const Json result = Json::parse(forward(arguments));
    std::vector<std::string> all(3);
    for (const Json& entry : result.at("top5")) all.at(entry.at("class")) = entry.at("name");
    return all;
  }

  std::string refusal(const std::vector<std::string>& arguments) const {
    return refusal_of([&] { forward(arguments); });
  }

  template <class Work>
  static std::string refusal_of(const Work& work) {
    try {
      work();
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }

  ScratchFolder folder_{"forward-command"};
  fs::path weights_ = folder_.path / "model.safetensors";
  fs::path picture_ = folder_.path / "bird.png";
};

TEST_F(ForwardCommandTest, NamesComeFromTheFileElseTheDataSetElseTheModel) {
  write_weights({"a", "b", "c"});
  // Lines as another system ends them, and a byte order mark.
  const std::string list = file("names.txt",
                                "\xEF\xBB\xBF"
                                "wren\r\n\xC3\xA9toile\r\nrobin");
  for (const char* name : {"train/x/1.jpg", "train/y/1.jpg", "test/z/1.jpg"}) file(std::string("set/") + name, "");

  EXPECT_EQ(names({}), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(names({"--class-names", list}), (std::vector<std::string>{"wren", "\xC3\xA9toile", "robin"}));
  EXPECT_EQ(names({"--dataset", (folder_.path / "set").string()}), (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_THROW(forward({"--class-names", list, "--dataset", "set"}), CLI::ExcludesError);
}

TEST_F(ForwardCommandTest, TheFiveBestArePrintedWithOrWithoutNames) {
  const std::string plain = forward({});
  write_weights({"one bird", "another", "a third"});
  const std::string named = forward({});

  const auto last_line = [](const std::string& text) { return text.substr(text.rfind('\n', text.size() - 2) + 1); };
  EXPECT_EQ(std::count(plain.begin(), plain.end(), '%'), 3);
  EXPECT_EQ(plain.find(" \n"), std::string::npos) << plain;
  const int label = std::stoi(last_line(plain).substr(last_line(plain).find('%') + 1));
  const std::vector<std::string> known = {"one bird", "another", "a third"};
  const std::string expected =
      last_line(plain).substr(0, last_line(plain).size() - 1) + "  " + known.at(static_cast<size_t>(label)) + "\n";
  EXPECT_EQ(last_line(named), expected);
}

TEST_F(ForwardCommandTest, AFormIsOfFewerTensorsAndTheSameLogits) {
  const auto forward_form = [](const char* backbone, const char* form) {
    return Json::parse(run({"--backbone", backbone, "--size", "64", "--weights", "fixture", "--input", "fixture",
                            "--classes", "3", "--form", form, "--json"}));
  };
  const Json trained = forward_form("replknet_nano", "train");
  const auto expected = trained.at("logits").at("values").get<std::vector<double>>();
  const auto largest = std::abs(*std::ranges::max_element(expected, {}, [](double logit) { return std::abs(logit); }));

  for (const char* form : {"merged", "folded"}) {
    const Json found = forward_form("replknet_nano", form);

    EXPECT_LT(found.at("state_entries"), trained.at("state_entries")) << form;
    for (size_t i = 0; i < expected.size(); ++i) {
      EXPECT_NEAR(found.at("logits").at("values").at(i).get<double>(), expected[i], 1e-5 * largest) << form;
    }
  }
  EXPECT_EQ(refusal_of([&] { forward_form("convnext_atto", "merged"); }),
            "convnext_atto: convnext has no form merged (its forms: train)");
}

TEST_F(ForwardCommandTest, AMergedFileStaysAsItIs) {
  const auto trained = make_backbone(find_backbone("replknet_nano"), {.classes = 3});
  fill_fixture(*trained);
  const auto merged = to_form(*trained, Form::kMerged);
  write_model(weights_, *merged, {.variant = merged->variant(), .options = merged->options(), .class_names = {}});
  const auto run_with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"--size", "64", "--weights", weights_.string(), "--input", "fixture", "--json"});
    return run(more);
  };

  EXPECT_EQ(run_with({}), run_with({"--form", "merged"}));
  EXPECT_EQ(refusal_of([&] {
              run_with({"--form", "train"});
            }),
            "--form train: " + weights_.string() +
                " holds the form merged, and only the form train can be brought to another");
}

TEST_F(ForwardCommandTest, NamesThatDoNotFitTheNetworkAreRefused) {
  const std::string two = file("two.txt", "wren\nrobin\n");
  const std::string latin = file("latin.txt", "wren\n\xE9toile\nrobin\n");
  for (const char* name : {"train/x/1.jpg", "test/y/1.jpg"}) file(std::string("set/") + name, "");
  const std::string set = (folder_.path / "set").string();

  EXPECT_EQ(refusal({"--class-names", two}), two + " names 2 classes, expected the 3 of the network");
  EXPECT_EQ(refusal({"--dataset", set}), set + " names 2 classes, expected the 3 of the network");
  EXPECT_NE(refusal({"--class-names", latin}).find(latin + ":2: the class"), std::string::npos)
      << refusal({"--class-names", latin});
  EXPECT_EQ(refusal({"--class-names", "/no/list.txt"}), "/no/list.txt: cannot be read as a list of class names");
}

}  // namespace
}  // namespace camsweep
