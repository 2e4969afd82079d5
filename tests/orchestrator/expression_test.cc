#include "orchestrator/expression.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "schemas/error.h"

namespace camsweep {
namespace {

const Json kParameters = {{"batch", 32}, {"lr", 0.001}, {"backbone", "resnet50"}, {"augmentation", true}};

Json value_of(const std::string& text) {
  return Expression(text).evaluate([](const std::string& name) -> const Json& {
    return kParameters.contains(name) ? kParameters.at(name) : kParameters.at("lr");
  });
}

std::string error_of(const std::string& text) {
  try {
    value_of(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ExpressionTest, ArithmeticBindsAsInC) {
  EXPECT_EQ(value_of("1 + 2 * 3"), 7);
  EXPECT_EQ(value_of("(1 + 2) * 3"), 9);
  EXPECT_EQ(value_of("10 - 4 - 3"), 3);
  EXPECT_EQ(value_of("-2 * -3"), 6);
  EXPECT_EQ(value_of("7 % 4"), 3);
  EXPECT_EQ(value_of("3 / 2"), 1.5);
  EXPECT_EQ(value_of("1e-5 * batch / 32"), 1e-5);
}

TEST(ExpressionTest, ConditionsChooseAValue) {
  EXPECT_EQ(value_of("batch >= 32 ? 2 : 1"), 2);
  EXPECT_EQ(value_of("backbone == 'resnet50' and not (batch < 32) ? 'a' : 'b'"), "a");
  EXPECT_EQ(value_of("!augmentation || batch != 32 ? 1 : batch == 32 ? 5 : 6"), 5);
}

TEST(ExpressionTest, TheBranchNotTakenIsNotEvaluated) { EXPECT_EQ(value_of("true ? 1 : 1 / 0"), 1); }

TEST(ExpressionTest, MinAndMaxTakeAnyNumberOfValues) {
  EXPECT_EQ(value_of("min(3, 1, 2)"), 1);
  EXPECT_EQ(value_of("max(batch, 64)"), 64);
}

TEST(ExpressionTest, NamesAreKnownBeforeEvaluation) {
  EXPECT_EQ(Expression("min(lr, 1) * min_lr").names(), (std::set<std::string>{"lr", "min_lr"}));
}

TEST(ExpressionTest, SyntaxErrorsNameTheColumn) {
  EXPECT_EQ(error_of("1 + "),
            "in '1 + ', column 5: found the end, expected a number, a parameter, a text in quotes or '('");
  EXPECT_EQ(error_of("(1 + 2"), "in '(1 + 2', column 7: found the end, expected ')'");
  EXPECT_EQ(error_of("batch 2"), "in 'batch 2', column 7: found '2', expected an operator or the end");
  EXPECT_EQ(error_of("true ? 1"), "in 'true ? 1', column 9: found the end, expected ':'");
  EXPECT_NE(error_of("system('rm')"), "no error");
  EXPECT_NE(error_of(std::string(100000, '(')).find("less nesting"), std::string::npos);
}

TEST(ExpressionTest, FailingComputationsAreBadInput) {
  EXPECT_EQ(error_of("1 / (batch - 32)"), "division by zero");
  EXPECT_EQ(error_of("5 % 0"), "division by zero");
  EXPECT_EQ(error_of("backbone + 1"), "found \"resnet50\" where a number is needed");
  EXPECT_EQ(error_of("batch ? 1 : 2"), "found 32 where true or false is needed");
  EXPECT_EQ(error_of("1e300 * 1e300"), "the result is not finite");
}

TEST(ExpressionTest, AnyTextIsAValueOrAnError) {
  EXPECT_TRUE(rc::check([] {
    const auto text =
        *rc::gen::container<std::string>(rc::gen::elementOf(std::string("12.e-+*/%()<>=!&|?:,'\" batchminr")));
    error_of(text);
  }));
}

}  // namespace
}  // namespace camsweep
