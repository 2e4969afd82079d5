#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <set>
#include <string>

#include "schemas/hash.h"
#include "tests/workers/backbones/reference_files.h"
#include "workers/backbones/backbone.h"

namespace camsweep {
namespace {

bool slow_tests_wanted() { return std::getenv("CAMSWEEP_ALL") != nullptr; }

std::string state_digest(const Backbone& backbone) {
  std::set<std::string> lines;
  for (const NamedTensor& entry : backbone.state()) {
    std::string line = entry.name + " [";
    for (int64_t i = 0; i < entry.tensor.dim(); ++i) line += (i > 0 ? ", " : "") + std::to_string(entry.tensor.size(i));
    lines.insert(line + "]");
  }
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return sha256(text);
}

TEST(SourceStateTest, EveryVariantHasTheSourcesKeysShapesAndParameters) {
  std::set<std::string> with_source;
  for (const SourceState& source : source_states()) {
    with_source.insert(source.backbone);
    const CatalogEntry* entry = find_in_catalog(source.backbone);
    ASSERT_NE(entry, nullptr) << source.backbone;
    const auto backbone = make_backbone(entry->variant, {.head = HeadKind::kImagenet});

    EXPECT_EQ(entry->parameters, source.parameters) << source.backbone;
    EXPECT_EQ(backbone->state().size(), source.entries) << source.backbone;
    EXPECT_EQ(state_digest(*backbone), source.sha256) << source.backbone;
  }
  for (const CatalogEntry& entry : backbone_catalog()) {
    if (entry.variant.name == "replknet_nano" || entry.variant.name == "signal_cnn") continue;  // ours
    EXPECT_TRUE(with_source.contains(entry.variant.name)) << entry.variant.name;
  }
}

// Another sum order moves an L2 by under 1e-6 and a logit by under 4e-7 of the largest; means cancel, so they are held
// to the root mean square. The tolerances are those of spec backbones, 16.6.
void expect_mean_and_l2(const at::Tensor& values, double mean, double l2) {
  const at::Tensor exact = values.to(at::kDouble);
  const double norm = exact.norm().item<double>();
  const double root_mean_square = norm / std::sqrt(static_cast<double>(exact.numel()));
  EXPECT_NEAR(exact.mean().item<double>(), mean, 1e-6 * root_mean_square);
  EXPECT_NEAR(norm, l2, 1e-5 * l2);
}

void expect_reference_numbers(const ReferenceNumbers& reference, at::Device device) {
  const at::NoGradGuard no_grad;
  const BackboneVariant variant = find_backbone(reference.backbone);
  const auto backbone = make_backbone(variant, {.classes = reference.classes, .head = HeadKind::kImagenet});
  fill_fixture(*backbone);
  backbone->to(device, prefers_channels_last(variant));

  const at::Tensor map = backbone->features(fixture_input(1, reference.side).to(device), {});
  const at::Tensor logits = backbone->classify(map, {})[0].cpu();

  ASSERT_EQ(map.sizes(), at::IntArrayRef({1, reference.channels, reference.map_side, reference.map_side}));
  expect_mean_and_l2(map.cpu(), reference.map_mean, reference.map_l2);
  expect_mean_and_l2(logits, reference.logits_mean, reference.logits_l2);
  EXPECT_NEAR(logits.abs().max().item<double>(), reference.largest_logit, 2e-5 * reference.largest_logit);
  for (int64_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(logits[i].item<double>(), reference.first_logits[static_cast<size_t>(i)],
                2e-5 * reference.largest_logit);
  }
}

class ReferenceNumbersTest : public testing::TestWithParam<ReferenceNumbers> {};

TEST_P(ReferenceNumbersTest, FixtureGivesTheMapAndLogitsOfTheSource) {
  if (GetParam().slow && !slow_tests_wanted()) GTEST_SKIP() << "a large network: set CAMSWEEP_ALL=1 to run it";
  expect_reference_numbers(GetParam(), at::kCPU);
}

INSTANTIATE_TEST_SUITE_P(Backbones, ReferenceNumbersTest, testing::ValuesIn(reference_numbers()),
                         [](const auto& test) { return test.param.backbone; });

TEST(GpuReferenceNumbersTest, EveryNetworkGivesTheMapAndLogitsOfTheSourceOnAGpu) {
  if (!at::hasCUDA()) GTEST_SKIP() << "no GPU";
  at::globalContext().setAllowTF32CuDNN(false);  // 10 bits of mantissa are no reference
  at::globalContext().setAllowTF32CuBLAS(false);
  for (const ReferenceNumbers& reference : reference_numbers()) {
    SCOPED_TRACE(reference.backbone);
    expect_reference_numbers(reference, at::kCUDA);
  }
}

TEST(CatalogTest, MapSidesAreThoseOfTheSourcesAt224Pixels) {
  for (const ReferenceNumbers& reference : reference_numbers()) {
    if (reference.side == 224) {
      EXPECT_EQ(find_in_catalog(reference.backbone)->map_side, reference.map_side) << reference.backbone;
    }
  }
}

// spec backbones, 16.4: the paper's network, 200 classes at 384 px, channel-mean CAM of class 7.
TEST(PaperReferenceNumbersTest, FixtureGivesThePaperMapOfCamBackAgain) {
  if (!slow_tests_wanted()) GTEST_SKIP() << "RepLKNet-31B at 384 px: set CAMSWEEP_ALL=1 to run it";
  const at::NoGradGuard no_grad;
  const std::unique_ptr<Backbone> backbone = make_backbone(find_backbone("replknet_31b"), {.classes = 200});
  backbone->to(at::kCPU, /*channels_last=*/true);
  fill_fixture(*backbone);

  const at::Tensor map = backbone->features(fixture_input(1, 384), {});
  const at::Tensor logits = backbone->classify(map, {})[0];
  const at::Tensor cam = (map[0] * backbone->classifier_weight()[7].view({-1, 1, 1})).mean(0);

  ASSERT_EQ(cam.sizes(), at::IntArrayRef({12, 12}));
  expect_mean_and_l2(cam, -1.5788599e-04, 2.1297188e-03);
  expect_mean_and_l2(logits, -1.7675186e-02, 3.1992424e+00);
}

// spec backbones, 16.4: a map as the sources return it, the channel mean for class 7.
TEST(PaperReferenceNumbersTest, FixtureGivesTheMapsOfWsolevaluation) {
  const at::NoGradGuard no_grad;
  struct Row {
    const char* backbone;
    double mean, l2;
  };
  for (const Row& row :
       {Row{"vgg16_gap", -1.6142975e-05, 2.4583335e-04}, Row{"alexnet_gap", 2.5073736e-05, 1.0092626e-03},
        Row{"googlenet_gap", 2.1622173e-05, 3.2813923e-04}, Row{"resnet50_wsol_28", 2.0439268e-04, 5.7374376e-03}}) {
    SCOPED_TRACE(row.backbone);
    const auto backbone = make_backbone(find_backbone(row.backbone), {.classes = 200});
    fill_fixture(*backbone);

    const at::Tensor map = backbone->features(fixture_input(1, 224), {})[0];

    expect_mean_and_l2((map * backbone->classifier_weight()[7].view({-1, 1, 1})).mean(0), row.mean, row.l2);
  }
}

// spec backbones, 16.4: Inception's class map 7 is what its last convolution gives, bias and all.
TEST(PaperReferenceNumbersTest, FixtureGivesTheClassMapOfInception) {
  const at::NoGradGuard no_grad;
  const auto backbone = make_backbone(find_backbone("inception_v3_wsol_14"), {.classes = 200});
  fill_fixture(*backbone);

  const at::Tensor map = backbone->features(fixture_input(1, 224), {})[0];
  const at::Tensor class_map = (map * backbone->classifier_weight()[7].view({-1, 1, 1})).sum(0);

  expect_mean_and_l2(class_map + backbone->exact_cam_constant(7), 2.3403769e-02, 3.8339885e-01);
}

}  // namespace
}  // namespace camsweep
