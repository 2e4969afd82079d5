#include "workers/training/parameter_groups.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "schemas/backbone_catalog.h"

namespace camsweep {
namespace {

struct Setting {
  double lr_scale = 0;
  double weight_decay = 0;
};

// By parameter; one that is not trained has no entry.
std::map<std::string, Setting> settings_of(const std::vector<NamedTensor>& parameters, const LayerGroups& layers,
                                           const GroupingOptions& options) {
  std::map<std::string, Setting> all;
  for (const ParameterGroup& group : parameter_groups(parameters, layers, options)) {
    for (const NamedTensor& parameter : group.parameters) {
      all[parameter.name] = {group.lr_scale, group.weight_decay};
    }
  }
  return all;
}

std::map<std::string, Setting> settings_of(const char* backbone, const GroupingOptions& options) {
  const auto network = make_backbone(find_backbone(backbone), {.classes = 7});
  return settings_of(network->parameters(), network->layer_groups(), options);
}

TEST(ParameterGroupsTest, DecayLeavesBiasesAndOtherOneDimensionalParametersAlone) {
  const auto settings = settings_of("replknet_nano", {.weight_decay = 0.05});

  EXPECT_EQ(settings.at("stem.0.conv.weight").weight_decay, 0.05);
  EXPECT_EQ(settings.at("stem.0.bn.weight").weight_decay, 0);
  EXPECT_EQ(settings.at("head.weight").weight_decay, 0.05);
  EXPECT_EQ(settings.at("head.bias").weight_decay, 0);
}

TEST(ParameterGroupsTest, DecayOnAllReachesThemToo) {
  const auto settings = settings_of("resnet18", {.weight_decay = 1e-4, .decay_all = true});

  EXPECT_EQ(settings.at("bn1.weight").weight_decay, 1e-4);
  EXPECT_EQ(settings.at("fc.bias").weight_decay, 1e-4);
}

// Groups of optim_factory.py of both repositories, counted by hand: 0.7 to the power of 13 less the group.
TEST(ParameterGroupsTest, LayerDecayFollowsTheSourcesGroups) {
  const auto convnext = settings_of("convnext_base", {.layer_decay = 0.7});
  const auto replknet = settings_of("replknet_31b", {.layer_decay = 0.7});

  const auto power = [](int group) { return std::pow(0.7, 13 - group); };
  EXPECT_DOUBLE_EQ(convnext.at("downsample_layers.0.0.weight").lr_scale, power(0));
  EXPECT_DOUBLE_EQ(convnext.at("stages.0.2.dwconv.weight").lr_scale, power(1));
  EXPECT_DOUBLE_EQ(convnext.at("downsample_layers.2.1.weight").lr_scale, power(3));
  EXPECT_DOUBLE_EQ(convnext.at("stages.2.26.gamma").lr_scale, power(11));
  EXPECT_DOUBLE_EQ(convnext.at("stages.3.0.gamma").lr_scale, power(12));
  EXPECT_DOUBLE_EQ(convnext.at("head.weight").lr_scale, 1);
  EXPECT_DOUBLE_EQ(replknet.at("stem.3.conv.weight").lr_scale, power(0));
  EXPECT_DOUBLE_EQ(replknet.at("transitions.2.0.conv.weight").lr_scale, power(11));
  EXPECT_DOUBLE_EQ(replknet.at("stages.2.blocks.35.pw1.conv.weight").lr_scale, power(11));
  EXPECT_DOUBLE_EQ(replknet.at("norm.weight").lr_scale, 1);
}

TEST(ParameterGroupsTest, TheHeadsRateIsOfTheClassifierOrOfTheLastStageToo) {
  const auto head = settings_of("resnet18", {.head_lr = 10});
  const auto both = settings_of("resnet18", {.head_lr = 10, .last_stage_too = true});

  EXPECT_EQ(head.at("fc.weight").lr_scale, 10);
  EXPECT_EQ(head.at("layer4.1.conv2.weight").lr_scale, 1);
  EXPECT_EQ(both.at("layer4.1.conv2.weight").lr_scale, 10);
  EXPECT_EQ(both.at("layer3.1.conv2.weight").lr_scale, 1);
}

TEST(ParameterGroupsTest, TheLastStageOfVggGapIsTheLayerThatItsTailAdds) {
  const auto settings = settings_of("vgg16_gap", {.head_lr = 10, .last_stage_too = true});

  EXPECT_EQ(settings.at("conv6.weight").lr_scale, 10);
  EXPECT_EQ(settings.at("features.28.weight").lr_scale, 1);
}

TEST(ParameterGroupsTest, FrozenParametersAreInNoGroup) {
  const auto upper = settings_of("resnet18", {.frozen_groups = 2});
  const auto head = settings_of("resnet18", {.freeze_trunk = true});

  EXPECT_FALSE(upper.contains("conv1.weight"));
  EXPECT_FALSE(upper.contains("layer1.0.conv1.weight"));
  EXPECT_TRUE(upper.contains("layer2.0.conv1.weight"));
  EXPECT_EQ(head.size(), 2u);
  EXPECT_TRUE(head.contains("fc.weight") && head.contains("fc.bias"));
}

}  // namespace
}  // namespace camsweep
