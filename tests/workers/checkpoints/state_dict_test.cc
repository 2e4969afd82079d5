#include "workers/checkpoints/state_dict.h"

#include <gtest/gtest.h>

#include "tests/workers/checkpoints/checkpoint_samples.h"

namespace camsweep {
namespace {

CheckpointFile file_with(const std::vector<std::string>& wrappers) {
  CheckpointFile file;
  file.name = "weights.pth";
  for (const std::string& wrapper : wrappers) {
    file.groups.push_back({.wrapper = wrapper, .tensors = named({wrapper + "_conv.weight"})});
  }
  return file;
}

std::string chosen(const std::vector<std::string>& wrappers, WeightsChoice choice = WeightsChoice::kTrained) {
  return select_state_dict(file_with(wrappers), choice).wrapper;
}

std::string prefix(const std::vector<std::string>& names) {
  return select_state_dict(file_of(named(names)), WeightsChoice::kTrained).prefix;
}

TEST(StateDictTest, TheFirstOfTheKnownWrappersHoldsTheWeights) {
  EXPECT_EQ(chosen({"optimizer", "model_ema", "state_dict", "model"}), "model");
  EXPECT_EQ(chosen({"net", "state_dict"}), "state_dict");
  EXPECT_EQ(chosen({"optimizer", ""}), "");
}

TEST(StateDictTest, AveragedWeightsAreTakenOnRequestAlone) {
  EXPECT_EQ(chosen({"model", "model_ema"}, WeightsChoice::kAverage), "model_ema");
  EXPECT_EQ(chosen({"state_dict", "state_dict_ema"}, WeightsChoice::kAverage), "state_dict_ema");
  EXPECT_EQ(refusal([] {
              chosen({"model", "optimizer"}, WeightsChoice::kAverage);
            }),
            "weights.pth: has no averaged weights (model_ema or state_dict_ema), it holds 'model', 'optimizer'");
}

TEST(StateDictTest, AFileWithoutWeightsSaysWhatItHolds) {
  EXPECT_EQ(
      refusal([] { chosen({"optimizer"}); }),
      "weights.pth: has no weights of a network (under model, module, state_dict, net or by themselves), it holds "
      "'optimizer'");
  CheckpointFile snapshot = file_with({});
  snapshot.ignored = {"optimizer: a dict of 2", "epoch: 299"};
  EXPECT_NE(refusal([&] { select_state_dict(snapshot, {}); }).find("it holds optimizer: a dict of 2, epoch: 299"),
            std::string::npos);
}

TEST(StateDictTest, APrefixThatAllNamesShareIsTakenOff) {
  const StateDict dict =
      select_state_dict(file_of(named({"module.backbone.conv1.weight", "module.backbone.fc.bias"})), {});

  EXPECT_EQ(dict.prefix, "module.backbone.");
  EXPECT_EQ(dict.tensors[0].name, "conv1.weight");
  EXPECT_EQ(dict.tensors[1].name, "fc.bias");
}

TEST(StateDictTest, APrefixOfSomeNamesIsPartOfThem) {
  EXPECT_EQ(prefix({"backbone.conv1.weight", "head.fc.weight"}), "");
  EXPECT_EQ(prefix({"module.conv1.weight", "module.backbone.fc.weight"}), "module.");
}

}  // namespace
}  // namespace camsweep
