#include "workers/commands/checkpoint_summary.h"

#include <fmt/format.h>

#include <cmath>

#include "schemas/hash.h"
#include "schemas/text.h"

namespace camsweep {
namespace {

std::string dtype_name(c10::ScalarType dtype) {
  switch (dtype) {
    case c10::ScalarType::Double:
      return "float64";
    case c10::ScalarType::Float:
      return "float32";
    case c10::ScalarType::Half:
      return "float16";
    case c10::ScalarType::BFloat16:
      return "bfloat16";
    case c10::ScalarType::Long:
      return "int64";
    case c10::ScalarType::Int:
      return "int32";
    case c10::ScalarType::Short:
      return "int16";
    case c10::ScalarType::Char:
      return "int8";
    case c10::ScalarType::Byte:
      return "uint8";
    case c10::ScalarType::Bool:
      return "bool";
    default:
      return c10::toString(dtype);
  }
}

// How much wider than the ConvNeXt of its size: SLaK's authors give that to one decimal, and cut what it gives.
double width_factor(const BackboneVariant& variant) {
  const int width = variant.widths[0];
  for (const int convnext : {96, 128}) {
    const double factor = std::round(10.0 * width / convnext) / 10;
    if (static_cast<int>(convnext * factor) == width) return factor;
  }
  return width / 96.0;
}

std::string field_text(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

}  // namespace

Json weights_json(const WeightsFile& file) {
  Json json = {
      {"container", container_name(file.container)}, {"family", nullptr}, {"variant", nullptr}, {"dialect", nullptr}};
  if (!file.identity) return json;
  json["family"] = file.identity->family;
  json["dialect"] = file.identity->dialect;
  if (file.identity->is_named) json["variant"] = file.identity->variant->name;
  return json;
}

Json checkpoint_json(const std::string& file, WeightsChoice choice) {
  const CheckpointFile opened = open_checkpoint(file);
  const WeightsFile weights = understand(opened, choice);
  Json json = weights_json(weights);
  json["wrapper"] = weights.wrapper;
  json["sha256"] = sha256_file(file);
  json["ignored"] = weights.ignored;
  json["holds"] = weights.identity ? describe(*weights.identity) : "no network that is known by its names";
  json["classes"] = weights.identity ? Json(weights.identity->classes) : Json();
  json["form"] = weights.identity ? Json(form_name(weights.identity->form)) : Json();
  json["network"] = nullptr;
  if (weights.identity && weights.identity->variant) {
    json["network"] = to_json(*weights.identity->variant);
    if (weights.identity->family == "slak") json["width_factor"] = width_factor(*weights.identity->variant);
  }
  json["tensors"] = Json::array();
  const StateDict dict = select_state_dict(opened, choice);
  for (const auto& [name, tensor] : dict.tensors) {
    tensor.read();  // a damaged record is found here, not by the training that starts from it
    json["tensors"].push_back(
        {{"name", dict.prefix + name}, {"dtype", dtype_name(tensor.dtype)}, {"shape", tensor.shape}});
  }
  return json;
}

void print_checkpoint(const Json& checkpoint, const std::string& file) {
  const auto line = [](const char* label, const std::string& text) { fmt::print("{:<11}{}\n", label, text); };
  line("file", file);
  line("container", checkpoint["container"]);
  if (checkpoint["wrapper"] != "") line("wrapper", checkpoint["wrapper"]);
  line("holds", checkpoint["holds"]);
  if (checkpoint["network"].is_object()) {
    for (const auto& [name, value] : checkpoint["network"].items()) {
      if (name != "name") line("", fmt::format("{} {}", name, field_text(value)));
    }
  }
  if (checkpoint.contains("width_factor")) {
    line("", fmt::format("width_factor {:.2f}", checkpoint["width_factor"].get<double>()));
  }
  line("sha256", checkpoint["sha256"]);
  if (!checkpoint["ignored"].empty()) {
    line("ignored", join(checkpoint["ignored"].get<std::vector<std::string>>(), "; "));
  }
  line("tensors", std::to_string(checkpoint["tensors"].size()));
  for (const Json& tensor : checkpoint["tensors"]) {
    fmt::print("  {:<60} {:<9} {}\n", tensor["name"].get<std::string>(), tensor["dtype"].get<std::string>(),
               tensor["shape"].dump());
  }
}

}  // namespace camsweep
