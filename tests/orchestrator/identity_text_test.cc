#include "orchestrator/identity_text.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>
#include <set>

#include "orchestrator/expansion.h"
#include "orchestrator/identity.h"
#include "schemas/parameters.h"

namespace camsweep {
namespace {

const std::string kFingerprint = "f00d";

Json any_value() {
  switch (*rc::gen::inRange(0, 7)) {
    case 0:
      return *rc::gen::arbitrary<bool>();
    case 1:
      return *rc::gen::arbitrary<int64_t>();
    case 2:
      return *rc::gen::element(0.0, -0.0, 0.1, 1.0, 1e-5, 1e22, 12345.678, 1.0 / 3);
    case 3:
      return *rc::gen::element<std::string>("", "plain", "with \"quotes\"", "back\\slash", "tab\tline\n",
                                            "\xc3\xa9t\xc3\xa9");
    case 4:
      return *rc::gen::container<std::vector<double>>(rc::gen::element(0.5, 2.0, 0.229));
    case 5:
      return *rc::gen::nonNegative<int>();
    default:
      return nullptr;
  }
}

// Cells whose values are of any type, some shared with the cell before.
std::vector<Row> any_cells(std::deque<Json>& arena) {
  std::vector<Row> cells;
  Row row(parameter_table().size());
  for (int cell = 0; cell < 3; ++cell) {
    for (const std::string& name : parameter_names()) {
      const size_t position = parameter_position(name);
      if (row[position] == nullptr || *rc::gen::inRange(0, 3) == 0) row[position] = &arena.emplace_back(any_value());
    }
    cells.push_back(row);
  }
  return cells;
}

// What nlohmann prints of the same object, normalized.
std::string dumped(const Json& value) { return normalized(value).dump(); }

// Without what came later and has its default.
Json as_before(Json parameters) {
  for (const ParameterInfo& info : parameter_table()) {
    const auto found = parameters.find(info.name);
    if (info.later && found != parameters.end() && *found == info.default_value) parameters.erase(found);
  }
  return parameters;
}

// The object that an identity is, made the plain way.
Json identity(Stage stage, const Json& needs, const Json& pretraining, const Json& cell, const Json& more) {
  Json parameters = more;
  for (const std::string& name : stage_parameters(stage)) {
    if (!parameters.contains(name)) parameters[name] = cell.at(name);
  }
  parameters = as_before(parameters);
  return {{"dataset", kFingerprint},    {"needs", needs},
          {"parameters", parameters},   {"pretraining", pretraining},
          {"stage", stage_name(stage)}, {"version", stage_version(stage)}};
}

RC_GTEST_PROP(IdentityTextTest, TheTextOfACellIsTheDumpOfItsParameters, ()) {
  std::deque<Json> arena;
  IdentityWriter writer(kFingerprint, {});

  for (const Row& cell : any_cells(arena)) RC_ASSERT(writer.cell(cell) == dumped(as_before(cell_parameters(cell))));
}

TEST(IdentityTextTest, AParameterThatCameLaterEntersOnlyWithAnotherValueThanItsDefault) {
  std::deque<Json> values;
  Row cell(parameter_table().size());
  for (const std::string& name : parameter_names()) {
    cell[parameter_position(name)] = &values.emplace_back(find_parameter(name)->default_value);
  }
  IdentityWriter writer(kFingerprint, {});
  EXPECT_EQ(writer.cell(cell).find("weight_split"), std::string::npos);

  cell[parameter_position("weight_split")] = &values.emplace_back(0.5);

  EXPECT_NE(writer.cell(cell).find(",\"weight_split\":0.5"), std::string::npos);
}

RC_GTEST_PROP(IdentityTextTest, TheTextOfATrainingIsTheDumpOfItsIdentity, ()) {
  std::deque<Json> arena;
  const Json variant = {{"family", "convnext"}, {"depths", {1, 2}}, {"scale", any_value()}};
  const auto snapshots = *rc::gen::container<std::vector<int>>(rc::gen::inRange(1, 400));
  const Json pretraining = *rc::gen::arbitrary<bool>() ? Json("5ca1ab1e") : Json();
  const auto seed = *rc::gen::arbitrary<int64_t>();
  IdentityWriter writer(kFingerprint, {});

  for (const Row& cell : any_cells(arena)) {
    const std::string text = writer.training(cell, {.seed = seed,
                                                    .variant = canonical(variant),
                                                    .snapshots = canonical(snapshots),
                                                    .pretraining = canonical(pretraining)});

    const Json more = {{"seed", seed}, {"snapshots", snapshots}, {"variant", variant}};
    RC_ASSERT(text == dumped(identity(Stage::kTrain, Json::array(), pretraining, cell_parameters(cell), more)));
    RC_ASSERT(canonical(Json::parse(text)) == text);
  }
}

RC_GTEST_PROP(IdentityTextTest, TheTextOfAnAnalysisIsTheDumpOfItsIdentity, ()) {
  std::deque<Json> arena;
  std::vector<AnalysisSpec> analyses;
  for (const Stage stage : {Stage::kLocalize, Stage::kErf, Stage::kPca, Stage::kActivation}) {
    AnalysisSpec analysis;
    analysis.stage = stage;
    analysis.options = {{"images", any_value()}, {"cam_weight", any_value()}, {"methods", {"cam", "pc1"}}};
    analyses.push_back(analysis);
  }
  const std::optional<int> at = *rc::gen::arbitrary<bool>() ? std::optional(*rc::gen::inRange(1, 400)) : std::nullopt;
  IdentityWriter writer(kFingerprint, analyses);

  for (const Row& cell : any_cells(arena)) {
    for (size_t i = 0; i < analyses.size(); ++i) {
      Json more = analyses[i].options;
      more["at"] = at ? Json(*at) : Json();
      RC_ASSERT(writer.analysis(cell, i, {"abc"}, at) ==
                dumped(identity(analyses[i].stage, Json::array({"abc"}), Json(), cell_parameters(cell), more)));
    }
  }
}

}  // namespace
}  // namespace camsweep
