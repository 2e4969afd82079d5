#include "workers/localization/channel_weights.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "schemas/error.h"

namespace camsweep {
namespace {

// Of pytorch-grad-cam's denominator.
constexpr double kLibraryEps = 1e-6;

// Grad-CAM++ (Chattopadhay et al., WACV 2018, equation 19) with a gradient beta_k / n at each of n positions.
at::Tensor plus_plus_weights(const ClassScore& score, MapOptions::PlusPlusEps eps, double positions) {
  const at::Tensor& beta = score.gradient;
  const at::Tensor positive = beta.clamp_min(0);
  const at::Tensor product = beta * score.pooled;
  if (eps == MapOptions::PlusPlusEps::kZero) {
    const at::Tensor denominator = product + 2;
    return at::where(denominator.eq(0), 0.0, positive / denominator);
  }
  const at::Tensor square = beta.square();
  const at::Tensor denominator = square * (product + 2) + positions * positions * kLibraryEps;
  return at::where(denominator.eq(0), 0.0, square * positive / denominator);
}

}  // namespace

at::Tensor class_weights(const Backbone& backbone, const at::Tensor& pooled, int64_t class_index,
                         MapOptions::CamWeight form) {
  const auto refuse = [&](const char* reason) {
    throw ConfigError(fmt::format("{}: {}", backbone.variant().name, reason));
  };
  if (!is_pooled(backbone.head_form())) {
    refuse("its classifier is not one linear layer, so it has no weights for feature maps");
  }
  const at::Tensor weights = backbone.classifier_weight();
  if (form == MapOptions::CamWeight::kPaper) return weights[class_index].to(at::kCPU, at::kDouble);
  if (backbone.options().pool != Pool::kGap) {
    refuse("cam_weight 'exact' needs average pooling; this network has pool 'gmp'");
  }
  return backbone.exact_cam_weights(pooled.to(weights.device(), weights.scalar_type()), class_index)
      .to(at::kCPU, at::kDouble);
}

bool is_classifier_sum(MapMethod method) { return method <= MapMethod::kCamLarge; }

bool is_weighted_sum(MapMethod method) { return method <= MapMethod::kAblationCam; }

at::Tensor channel_weights(MapMethod method, const ClassScore& score, const MapOptions& options, int64_t positions) {
  switch (method) {
    case MapMethod::kCam:
      return score.weights;
    case MapMethod::kCamPositive:
      return score.weights.clamp_min(0);
    case MapMethod::kCamNegative: {
      const at::Tensor negative = score.weights.clamp_max(0);
      return options.negative_sign == MapOptions::NegativeSign::kMagnitude ? negative.neg() : negative;
    }
    case MapMethod::kCamSmall:
      return at::where(score.weights.gt(0).logical_and(score.weights.le(options.weight_split)), score.weights, 0.0);
    case MapMethod::kCamLarge:
      return at::where(score.weights.gt(options.weight_split), score.weights, 0.0);
    case MapMethod::kGradCam:
    case MapMethod::kHiResCam:
    case MapMethod::kXGradCam:
      return score.gradient;
    case MapMethod::kLayerCam:
      return score.gradient.clamp_min(0);
    case MapMethod::kGradCamPp:
      return plus_plus_weights(score, options.plus_plus_eps, static_cast<double>(positions));
    case MapMethod::kAblationCam:
      return score.logit - score.without;
    default:
      break;
  }
  CAMSWEEP_CHECK(false, "this method is no weighted sum of channels");
  return {};
}

std::string weight_formula(MapMethod method, HeadForm head, const MapOptions& options) {
  const bool exact = options.cam_weight == MapOptions::CamWeight::kExact;
  // Behind a LayerNorm the exact weights leave out how its deviation changes: they are not the gradient.
  const bool is_gradient = head == HeadForm::kLinear || (exact && head == HeadForm::kBatchNorm);
  const std::string weight = is_gradient ? "beta" : "w";
  switch (method) {
    case MapMethod::kCam:
      return weight;
    case MapMethod::kCamPositive:
      return fmt::format("max({}, 0)", weight);
    case MapMethod::kGradCam:
    case MapMethod::kHiResCam:
    case MapMethod::kXGradCam:
      return "beta";
    case MapMethod::kLayerCam:
      return "max(beta, 0)";
    default:
      return std::string(map_method_info(method).name);
  }
}

}  // namespace camsweep
