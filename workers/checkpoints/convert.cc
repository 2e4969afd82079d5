#include "workers/checkpoints/convert.h"

#include <fmt/format.h>

#include "schemas/error.h"

namespace camsweep {
namespace {

const Dialect& target_dialect(const WeightsFile& file, const BackboneVariant& variant, const std::string& name) {
  try {
    return name.empty() ? native_dialect(variant) : writable_dialect(variant, name);
  } catch (const ConfigError& error) {
    throw ConfigError(fmt::format("{}: {}", file.name, error.what()));
  }
}

}  // namespace

Conversion convert_weights(const WeightsFile& file, const std::string& dialect_name) {
  const BackboneVariant& variant = *known_network(file).variant;
  const Dialect& dialect = target_dialect(file, variant, dialect_name);
  Conversion conversion{.file = {.tensors = {}, .metadata = file.metadata}, .dropped = file.unnamed};
  conversion.file.metadata["format"] = "pt";  // safetensors' word for tensors of PyTorch
  for (const auto& [native, tensor] : file.tensors) {
    const std::string name = name_in(dialect, native);
    if (name.empty()) {
      conversion.dropped.push_back(native);
    } else {
      conversion.file.tensors.emplace_back(name, tensor.read().view(shape_in(dialect, variant, native, tensor.shape)));
    }
  }
  return conversion;
}

}  // namespace camsweep
