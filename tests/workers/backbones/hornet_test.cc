#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "workers/backbones/backbone.h"

namespace camsweep {
namespace {

BackboneVariant narrow(std::vector<int> filters) {
  return find_backbone("narrow", {{"narrow",
                                   {{"family", "hornet"},
                                    {"depths", {1, 1, 2, 1}},
                                    {"widths", {16, 32, 64, 128}},
                                    {"block", "filter"},
                                    {"filters", std::move(filters)}}}});
}

// Of the official implementation built as narrow, with the fixture's weights and input. At 224 px the first has one
// weight per frequency; elsewhere the filters shrink or grow, to spectra of 6 x 4 and 3 x 2 at 96 px.
TEST(HorNetTest, FiltersAreResizedToTheSpectrumAsInTheSource) {
  const at::NoGradGuard no_grad;
  struct Row {
    std::vector<int> filters;
    int64_t side;
    double map_l2;
    std::vector<double> logits;
  };
  for (const Row& row :
       {Row{{14, 7}, 224, 5.750430384e+01, {6.565022469e-01, -1.215931326e-01, 6.603770852e-01, -8.560581207e-01}},
        Row{{14, 7}, 96, 2.407045531e+01, {2.218593657e-01, 3.844958544e-01, 4.581681490e-01, 8.817829192e-02}},
        Row{{4, 2}, 96, 2.407210781e+01, {2.201902270e-01, 3.853977323e-01, 4.568063319e-01, 8.625788987e-02}},
        Row{{24, 13}, 160, 4.156979716e+01, {-5.094724149e-02, -4.367225766e-01, 8.178522587e-01, -1.181784570e-01}}}) {
    SCOPED_TRACE(testing::Message() << row.filters[0] << " at " << row.side);
    const auto backbone = make_backbone(narrow(row.filters), {.classes = 7, .head = HeadKind::kImagenet});
    fill_fixture(*backbone);

    const at::Tensor map = backbone->features(fixture_input(1, row.side), {});
    const at::Tensor logits = backbone->classify(map, {})[0];

    // Spec backbones, 16.6. A filter that is not resized, or between other corners, is off by 1e-3.
    EXPECT_NEAR(map.to(at::kDouble).norm().item<double>(), row.map_l2, 1e-5 * row.map_l2);
    const double largest = logits.abs().max().item<double>();
    for (size_t i = 0; i < row.logits.size(); ++i) {
      EXPECT_NEAR(logits[static_cast<int64_t>(i)].item<double>(), row.logits[i], 2e-5 * largest);
    }
  }
}

// Which samples lose the branch behind `scale` of the last block in a training pass, the only branch that is not zero.
std::vector<bool> dropped(const std::string& scale, const std::vector<size_t>& samples) {
  const at::NoGradGuard no_grad;
  const auto backbone = make_backbone(narrow({14, 7}), {.classes = 2, .drop_path = 0.5});
  fill_fixture(*backbone);
  for (const NamedTensor& entry : backbone->parameters()) {
    if (entry.name.find(".gamma") != std::string::npos) at::Tensor(entry.tensor).fill_(entry.name == scale ? 1 : 0);
  }
  const auto count = static_cast<int64_t>(samples.size());
  const at::Tensor images = fixture_input(1, 32).expand({count, 3, 32, 32});
  const ForwardContext training = {.training = true, .seed = 1, .samples = samples};
  const at::Tensor maps = backbone->features(images, training).flatten(1);
  for (const NamedTensor& entry : backbone->parameters()) {
    if (entry.name == scale) at::Tensor(entry.tensor).zero_();
  }
  const at::Tensor without = backbone->features(images, training).flatten(1);
  std::vector<bool> result;
  for (int64_t i = 0; i < count; ++i) result.push_back(maps[i].equal(without[i]));
  return result;
}

TEST(HorNetTest, TheTwoBranchesOfABlockAreDroppedApartFromEachOther) {
  std::vector<size_t> samples(40);
  std::iota(samples.begin(), samples.end(), 0);

  const std::vector<bool> mixing = dropped("stages.3.0.gamma1", samples);
  const std::vector<bool> feed_forward = dropped("stages.3.0.gamma2", samples);

  for (const auto* branch : {&mixing, &feed_forward}) {  // of one rate: half of them, within four deviations
    EXPECT_NEAR(static_cast<double>(std::ranges::count(*branch, true)), 20, 13);
  }
  EXPECT_NE(mixing, feed_forward);
}

// What each family's own optim_factory.py says.
TEST(LayerGroupsTest, OfHorNetAndSlakAreThoseOfTheirSources) {
  const auto expect_groups = [](const char* name, const std::map<std::string, int>& expected) {
    const auto network = make_backbone(find_backbone(name), {.classes = 2, .head = HeadKind::kImagenet});
    const LayerGroups groups = network->layer_groups();
    const std::vector<NamedTensor> parameters = network->parameters();
    EXPECT_EQ(groups.count, 14);
    size_t found = 0;
    for (size_t i = 0; i < parameters.size(); ++i) {
      const auto row = expected.find(parameters[i].name);
      if (row == expected.end()) continue;
      ++found;
      EXPECT_EQ(groups.group[i], row->second) << name << " " << row->first;
    }
    EXPECT_EQ(found, expected.size()) << name;
  };
  const std::map<std::string, int> frame = {{"downsample_layers.0.0.weight", 0},
                                            {"downsample_layers.1.1.weight", 2},
                                            {"downsample_layers.2.0.bias", 3},
                                            {"downsample_layers.3.1.bias", 12},
                                            {"norm.weight", 13},
                                            {"head.bias", 13}};
  std::map<std::string, int> hornet = {{"stages.0.1.gamma1", 1},
                                       {"stages.1.2.gnconv.pws.0.weight", 2},
                                       {"stages.2.0.gamma2", 3},
                                       {"stages.2.1.norm1.weight", 3},
                                       {"stages.2.2.gamma1", 4},
                                       {"stages.2.15.gamma1", 10},
                                       {"stages.2.17.gnconv.dwconv.complex_weight", 11},
                                       {"stages.3.1.gamma1", 12}};
  std::map<std::string, int> slak = {{"stages.0.2.gamma", 1},   {"stages.1.0.large_kernel.LoRA1.bn.weight", 2},
                                     {"stages.2.2.gamma", 3},   {"stages.2.3.large_kernel.small_conv.conv.weight", 4},
                                     {"stages.2.26.gamma", 11}, {"stages.3.0.gamma", 12}};
  hornet.insert(frame.begin(), frame.end());
  slak.insert(frame.begin(), frame.end());

  expect_groups("hornet_tiny_gf", hornet);
  expect_groups("slak_small_51", slak);
}

}  // namespace
}  // namespace camsweep
