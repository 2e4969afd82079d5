#include "schemas/parameters.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "schemas/error.h"

namespace camsweep {
namespace {

Json any_json(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 8 : 6)) {
    case 0:
      return nullptr;
    case 1:
      return *rc::gen::arbitrary<bool>();
    case 2:
      return *rc::gen::arbitrary<int64_t>();
    case 3:
      return *rc::gen::arbitrary<double>();
    case 4:
      return static_cast<double>(*rc::gen::arbitrary<int32_t>());
    case 5:
      return *rc::gen::element<std::string>("", "lr", "a\"b\\c", "line\nend", "\x7f", "\xc3\xa9");
    case 6: {
      Json list = Json::array();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) list.push_back(any_json(depth - 1));
      return list;
    }
    default: {
      Json object = Json::object();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) object["key\"" + std::to_string(i)] = any_json(depth - 1);
      return object;
    }
  }
}

TEST(CanonicalTest, IsTheTextOfTheNormalizedValue) {
  EXPECT_TRUE(rc::check([] {
    const Json value = any_json(3);
    RC_ASSERT(canonical(value) == normalized(value).dump());
  }));
}

std::string problem_of(const char* name, const Json& value) {
  return parameter_problem(*find_parameter(name), value).value_or("none");
}

TEST(ParametersTest, ValuesAreCheckedAgainstTypeRangeAndNames) {
  EXPECT_EQ(problem_of("epochs", 10), "none");
  EXPECT_EQ(problem_of("epochs", 1.5), "found 1.5, expected an integer from 0 to 100000");
  EXPECT_EQ(problem_of("resolution", 4), "found 4, expected an integer from 8 to 4096");
  EXPECT_EQ(problem_of("lr", "1e-3"), "found '1e-3', expected a number from 0 to 1000");
  EXPECT_EQ(problem_of("augmentation", "no"), "found 'no', expected true or false");
  EXPECT_EQ(problem_of("heatmap", "offical"),
            "found 'offical', expected one of official, wsoleval, max; did you mean 'official'?");
  EXPECT_EQ(problem_of("normalization_mean", {0.5, 0.5}), "found [0.5,0.5], expected a list of 3 numbers");
}

TEST(ParametersTest, TheEvaluatedSideIsANumberOrTheInput) {
  EXPECT_EQ(problem_of("eval_side", 224), "none");
  EXPECT_EQ(problem_of("eval_side", "input"), "none");
  EXPECT_EQ(problem_of("eval_side", "224"), "found '224', expected an integer from 8 to 4096 or input");
}

TEST(ParametersTest, LayersAreTheLastOrStagesInRisingOrder) {
  for (const char* text : {"last", "stage1", "stage2+stage3+stage5"}) EXPECT_EQ(problem_of("layers", text), "none");
  for (const char* text : {"", "stage", "stage0", "stage3+stage2", "stage2+", "stage2+last", "layer2"}) {
    EXPECT_EQ(problem_of("layers", text), std::string("found '") + text +
                                              "', expected last, or stages in rising order joined by +, like "
                                              "stage2+stage3");
  }
}

TEST(ParametersTest, DefaultsFollowTheTable) {
  for (const ParameterInfo& info : parameter_table()) {
    if (info.default_value.is_null()) continue;
    EXPECT_EQ(parameter_problem(info, info.default_value), std::nullopt) << info.name;
  }
}

TEST(ParametersTest, TheSeedIsNotForSweepFilesToName) {
  EXPECT_NE(find_parameter("seed"), nullptr);
  EXPECT_EQ(parameter_names().size(), parameter_table().size() - 1);
}

}  // namespace
}  // namespace camsweep
