#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <string>

#include "schemas/error.h"
#include "workers/backbones/backbone.h"

namespace camsweep {
namespace {

// Narrow networks with the fixture's weights, whose norms are far from the identity.
BackboneVariant narrow(const std::string& base) {
  return find_backbone(
      "narrow",
      {{"narrow", {{"base", base}, {"depths", {1, 1, 2, 1}}, {"widths", {8, 16, 24, 32}}, {"kernels", {9, 9, 7, 5}}}}});
}

at::Tensor logits(Backbone& backbone) { return backbone.classify(backbone.features(fixture_input(2, 64), {}), {}); }

// The norms are folded in double: what is left is the sums' own error.
void expect_same_logits(Backbone& trained, Form form) {
  const at::Tensor expected = logits(trained);
  const at::Tensor found = logits(*to_form(trained, form));
  EXPECT_LT((found - expected).abs().max().item<double>(), 1e-5 * expected.abs().max().item<double>());
}

TEST(FormsTest, MergedAndFoldedRepLKNetsGiveTheTrainedOnesLogits) {
  const at::NoGradGuard no_grad;
  for (const char* base : {"replknet_31b", "replknet_xl"}) {  // with and without a small kernel
    const auto trained = make_backbone(narrow(base), {.classes = 7});
    fill_fixture(*trained);

    expect_same_logits(*trained, Form::kMerged);
    expect_same_logits(*trained, Form::kFolded);
  }
}

TEST(FormsTest, AFoldedSlakGivesTheTrainedOnesLogits) {
  const at::NoGradGuard no_grad;
  const auto trained = make_backbone(narrow("slak_tiny_51"), {.classes = 7, .head = HeadKind::kImagenet});
  fill_fixture(*trained);

  expect_same_logits(*trained, Form::kFolded);
}

// Spec backbones, 11.1 and 11.3.
TEST(FormsTest, FormsHaveTheSourcesStateEntriesAndParameters) {
  struct Row {
    const char* name;
    Form form;
    size_t entries;
    int64_t parameters;  // 0: not in the table
  };
  for (const Row& row :
       {Row{"replknet_31b", Form::kMerged, 931, 79'527'272}, Row{"replknet_31b", Form::kFolded, 507, 0},
        Row{"replknet_31l", Form::kMerged, 931, 172'165'672}, Row{"replknet_xl", Form::kMerged, 931, 335'399'656}}) {
    const auto backbone = make_backbone(find_backbone(row.name), {.form = row.form});
    int64_t parameters = 0;
    for (const NamedTensor& entry : backbone->parameters()) parameters += entry.tensor.numel();

    EXPECT_EQ(backbone->state().size(), row.entries) << row.name;
    if (row.parameters != 0) {
      EXPECT_EQ(parameters, row.parameters) << row.name;
    }
  }
}

TEST(FormsTest, AFormThatAFamilyHasNotIsRefused) {
  EXPECT_THROW(make_backbone(narrow("slak_tiny_51"), {.form = Form::kMerged}), ConfigError);
  EXPECT_THROW(make_backbone(find_backbone("convnext_atto"), {.form = Form::kFolded}), ConfigError);
}

}  // namespace
}  // namespace camsweep
