#include "orchestrator/variant_check.h"

#include <gtest/gtest.h>

#include <string>

#include "orchestrator/plan.h"
#include "schemas/error.h"
#include "schemas/files.h"
#include "tests/orchestrator/plan_scratch.h"

namespace camsweep {
namespace {

class VariantCheckTest : public testing::Test {
 protected:
  // Empty if the sweep can be planned.
  std::string error_of(const std::string& rest, const std::string& kind = "synth", int resolution = 96) {
    write_file(own_.path / "x.yaml", "sweep: s\ndataset: {kind: " + kind + "}\ndefaults: {epochs: 1, resolution: " +
                                         std::to_string(resolution) + "}\n" + rest);
    try {
      make_plan(own_.path / "x.yaml", {});
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }
  // Without the file and the cell, at 100 px, or signals of as many values.
  std::string problem_of(const std::string& kind, const std::string& rest) {
    const std::string text = error_of(rest, kind, 100);
    if (text.empty()) return text;
    return text.substr(text.find(": ") + 2, text.find(" (cell") - text.find(": ") - 2);
  }

  const PlanScratch own_{"variant-check"};
};

TEST_F(VariantCheckTest, ABackboneThatCannotDoWhatItsCellAsksIsRefusedBeforeAnythingRuns) {
  EXPECT_NE(error_of("matrix: {backbone: [inception_v3]}\nset: [{when: {epochs: 1}, resolution: 64}]\n")
                .find("at least 75 px"),
            std::string::npos);
  EXPECT_NE(error_of("matrix: {backbone: [vgg16]}\nanalyses: [erf, pca]\n").find("no class activation maps for `pca`"),
            std::string::npos);
  EXPECT_EQ(error_of("matrix: {backbone: [vgg16]}\nanalyses: [erf]\n"), "");
  EXPECT_NE(error_of("matrix: {backbone: [vgg16]}\nanalyses: [{localize: [cam]}]\n")
                .find("cam: vgg16 has no class activation map, as its classifier is of fully connected layers"),
            std::string::npos);
  EXPECT_EQ(error_of("matrix: {backbone: [vgg16]}\nanalyses: [{localize: [gradcam]}]\n"), "");
  EXPECT_NE(error_of("matrix: {backbone: [alexnet]}\nanalyses: [{localize: {methods: [gradcam], layers: stage4}}]\n")
                .find("layers: alexnet has no stage4, it has 3 stages"),
            std::string::npos);
  EXPECT_NE(error_of("matrix: {backbone: [resnet18], layers: [last, stage3]}\nanalyses: [{localize: [pc1]}]\n")
                .find("pc1: weights the last feature map as the classifier does"),
            std::string::npos);
}

TEST_F(VariantCheckTest, AcolsHeadIsRefusedWhereAClassifiersWeightsAreNeeded) {
  EXPECT_EQ(error_of("matrix: {backbone: [vgg16], wsol_method: acol}\nanalyses: [{localize: [cam, gradcam]}]\n"), "");
  EXPECT_NE(error_of("matrix: {backbone: [resnet18], wsol_method: acol}\nanalyses: [{localize: [cam_positive]}]\n")
                .find("cam_positive: the head of acol has no weights on feature maps"),
            std::string::npos);
  EXPECT_NE(error_of("matrix: {backbone: [resnet18], wsol_method: acol}\nanalyses: [pca]\n")
                .find("wsol_method is acol, whose head has no weights on feature maps, which `pca` needs"),
            std::string::npos);
}

TEST_F(VariantCheckTest, SignalsAndImagesAreNotMixed) {
  const std::string plain = "matrix: {backbone: [signal_cnn], augmentation: [false]";

  EXPECT_EQ(problem_of("signals", plain + "}\nanalyses: [signals]\n"), "");
  EXPECT_EQ(problem_of("synth", plain + "}\n"), "signal_cnn takes signals, but the data set holds images");
  EXPECT_EQ(problem_of("signals", "matrix: {backbone: [resnet18]}\n"),
            "resnet18 takes images, but the data set holds signals");
  EXPECT_EQ(problem_of("signals", plain + "}\nanalyses: [pca]\n"),
            "the analysis `pca` is of images, but the data set holds signals");
  EXPECT_EQ(problem_of("synth", "matrix: {backbone: [resnet18]}\nanalyses: [signals]\n"),
            "the analysis `signals` is of signals, but the data set holds images");
  EXPECT_EQ(problem_of("signals", plain + ", resolution: [96]}\n"),
            "resolution is 96, but the signals have 100 values");
  EXPECT_EQ(problem_of("signals", "matrix: {backbone: [signal_cnn]}\n"),
            "augmentation is true, but it changes images; signals take false");
}

}  // namespace
}  // namespace camsweep
