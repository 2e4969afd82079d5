#include "schemas/json.h"

#include <cmath>
#include <utility>

namespace camsweep {

Json normalized(Json value) {
  constexpr double kExact = 9007199254740992.0;  // 2^53: every whole number below is exact in a double
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::trunc(number) == number && std::abs(number) < kExact) return static_cast<int64_t>(number);
  } else if (value.is_structured()) {
    for (Json& item : value) item = normalized(std::move(item));
  }
  return value;
}

std::string canonical(const Json& value) { return normalized(value).dump(); }

}  // namespace camsweep
