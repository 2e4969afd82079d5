#include "workers/backbones/backbone.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "schemas/error.h"
#include "schemas/text.h"
#include "workers/backbones/network.h"

namespace camsweep {
namespace {

struct Family {
  std::string_view name;
  std::unique_ptr<Backbone> (*make)(const BackboneVariant&, const BackboneOptions&);
  std::vector<Form> forms = {Form::kTrain};
};

const Family kFamilies[] = {
    {"resnet", make_resnet},
    {"densenet", make_densenet},
    {"vgg", make_vgg},
    {"alexnet", make_alexnet},
    {"googlenet", make_googlenet},
    {"inception", make_inception},
    {"convnext", make_convnext},
    {"replknet", make_replknet, {Form::kTrain, Form::kMerged, Form::kFolded}},
    {"slak", make_slak, {Form::kTrain, Form::kFolded}},
    {"hornet", make_hornet},
    {"signal_cnn", make_signal_cnn},
};

const Family& family_of(const BackboneVariant& variant) {
  const auto family = std::ranges::find(kFamilies, variant.family, &Family::name);
  CAMSWEEP_CHECK(family != std::end(kFamilies), "every family of the catalog is built here");
  return *family;
}

// Throws ConfigError unless the family can be built in this form.
void check_form(const Family& family, const BackboneVariant& variant, Form form) {
  if (std::ranges::count(family.forms, form)) return;
  std::vector<std::string> known;
  for (const Form other : family.forms) known.push_back(form_name(other));
  throw ConfigError(
      fmt::format("{}: {} has no form {} (its forms: {})", variant.name, variant.family, form_name(form), join(known)));
}

}  // namespace

std::string form_name(Form form) {
  if (form == Form::kTrain) return "train";
  return form == Form::kMerged ? "merged" : "folded";
}

Form form_named(const std::string& name) {
  for (const Form form : {Form::kTrain, Form::kMerged, Form::kFolded}) {
    if (name == form_name(form)) return form;
  }
  throw ConfigError(fmt::format("a form must be train, merged or folded, found '{}'", name));
}

std::unique_ptr<Backbone> make_backbone(const BackboneVariant& variant, const BackboneOptions& options) {
  if (options.classes < 1) {
    throw ConfigError(fmt::format("classes must be at least 1, found {}", options.classes));
  }
  if (!(options.drop_path >= 0 && options.drop_path < 1)) {
    throw ConfigError(fmt::format("drop_path must be at least 0 and below 1, found {}", options.drop_path));
  }
  const Family& family = family_of(variant);
  check_form(family, variant, options.form);
  return family.make(variant, options);
}

Form evaluation_form(const BackboneVariant& variant) { return std::ranges::max(family_of(variant).forms); }

bool prefers_channels_last(const BackboneVariant& variant) {
  // Forward and backward at 96 px, batch 32, 2 threads: batch norm and wide depthwise kernels are 1.1 to 2 times faster
  // in channels-last; ConvNeXt up to 7x7, whose norm sees channels last either way, is 5 to 10 % slower.
  constexpr int kNarrow = 7;
  if (takes_signals(variant)) return false;  // one column has no rows to keep together
  const bool channels_last_norm = variant.family == "convnext" || variant.family == "hornet";
  return !channels_last_norm || std::ranges::max(variant.kernels) > kNarrow;
}

}  // namespace camsweep
