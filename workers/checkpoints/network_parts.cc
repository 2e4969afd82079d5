#include "workers/checkpoints/network_parts.h"

#include <algorithm>

#include "schemas/error.h"
#include "workers/backbones/erasing_head.h"
#include "workers/checkpoints/name_pattern.h"

namespace camsweep {
namespace {

using Patterns = std::vector<const char*>;

struct Parts {
  const char* family;
  const char* tail;  // "" for a family that has but one
  const char* classifier;
  Patterns head;
  Patterns behind_cut = {};  // of a full tail: what a network with the tail `cam` ends before
};

const Patterns kNormAndHead = {"norm.*", "head.*"};

const std::vector<Parts>& all_parts() {
  static const std::vector<Parts> list = {
      {"resnet", "", "fc", {"fc.*"}},
      {"densenet", "", "classifier", {"classifier.*"}},
      {"vgg", "full", "classifier.6", {"classifier.*"}, {"classifier.*"}},
      {"vgg", "cam", "fc", {"conv6.*", "fc.*"}},
      {"alexnet", "full", "classifier.6", {"classifier.*"}, {"classifier.*"}},
      {"alexnet", "cam", "fc", {"conv6.*", "fc.*"}},
      {"googlenet", "full", "fc", {"fc.*", "aux#.*"}, {"inception5*", "aux#.*", "fc.*"}},
      {"googlenet", "cam", "fc", {"conv6.*", "fc.*"}},
      {"inception", "full", "fc", {"fc.*", "AuxLogits.*"}, {"Mixed_7*", "AuxLogits.*", "fc.*"}},
      {"inception", "cam", "SPG_A4", {"SPG_A#*"}},
      {"convnext", "", "head", kNormAndHead},
      {"replknet", "", "head", kNormAndHead},
      {"slak", "", "head", kNormAndHead},
      {"hornet", "", "head", kNormAndHead},
      {"signal_cnn", "", "fc", {"fc.*"}},
  };
  return list;
}

const Patterns kAuxiliary = {"aux#.*", "AuxLogits.*"};

const Parts& parts(const BackboneVariant& variant) {
  const auto found = std::ranges::find_if(all_parts(), [&](const Parts& candidate) {
    return candidate.family == variant.family && candidate.tail == variant.tail;
  });
  CAMSWEEP_CHECK(found != all_parts().end(), "every family is in the table of parts");
  return *found;
}

bool any_matches(const Patterns& patterns, std::string_view name) {
  return std::ranges::any_of(patterns, [&](const char* pattern) { return matches(name, pattern); });
}

}  // namespace

std::string classifier_name(const BackboneVariant& variant) { return parts(variant).classifier; }

bool is_head(const BackboneVariant& variant, std::string_view name) {
  return name.starts_with(ErasingHead::kPrefix) || any_matches(parts(variant).head, name);
}

bool is_left_out(std::string_view name, const BackboneVariant& source, const BackboneVariant& target) {
  if (source.tail != target.tail && any_matches(parts(source).behind_cut, name)) return true;
  return source.auxiliary > target.auxiliary && any_matches(kAuxiliary, name);
}

}  // namespace camsweep
