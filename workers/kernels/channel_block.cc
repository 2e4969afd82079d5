#include "workers/kernels/channel_block.h"

#include <ATen/ops/zeros.h>
#include <c10/util/BFloat16.h>

#include <algorithm>
#include <type_traits>

#include "schemas/error.h"

namespace camsweep {
namespace {

// Channels [first, first + count) of one image.
template <typename Value>
struct Channels {
  Value* first = nullptr;
  int64_t count = 0;
  int64_t of_channel = 0;  // strides
  int64_t of_row = 0;
  int64_t of_column = 0;

  static Value* pointer(const at::Tensor& maps) {
    if constexpr (std::is_const_v<Value>)
      return static_cast<Value*>(maps.const_data_ptr());
    else
      return static_cast<Value*>(maps.mutable_data_ptr());
  }
  Channels(const at::Tensor& maps, int64_t image, int64_t channel, int64_t lanes)
      : first(pointer(maps) + image * maps.stride(0) + channel * maps.stride(1)),
        count(std::min(lanes, maps.size(1) - channel)),
        of_channel(maps.stride(1)),
        of_row(maps.stride(2)),
        of_column(maps.stride(3)) {}
};

// Calls visit(a value, its lane's place in `row`) for all values of a row of the map, in the map's own order.
template <typename Value, typename Lane, typename Visit>
void for_each_value(const Channels<Value>& channels, int64_t y, int64_t width, Lane* row, int64_t lanes,
                    const Visit& visit) {
  constexpr int64_t kGroup = 4;  // divides the lanes of every set: a loop that the compiler can unroll
  Value* const from = channels.first + y * channels.of_row;
  if (channels.of_channel == 1 && channels.count == lanes) {
    for (int64_t x = 0; x < width; ++x) {
      for (int64_t c = 0; c < lanes; c += kGroup) {
        for (int64_t i = c; i < c + kGroup; ++i) visit(from[x * channels.of_column + i], row[x * lanes + i]);
      }
    }
    return;
  }
  for (int64_t c = 0; c < channels.count; ++c) {
    for (int64_t x = 0; x < width; ++x) {
      visit(from[c * channels.of_channel + x * channels.of_column], row[x * lanes + c]);
    }
  }
}

// to[column * to_line + line] = from[line * from_line + column]
void transpose(const float* from, int64_t from_line, float* to, int64_t to_line, int64_t lines, int64_t columns) {
  typedef float Four __attribute__((vector_size(4 * sizeof(float)), aligned(sizeof(float))));
  const auto four = [&](int64_t line, int64_t column) {
    return *reinterpret_cast<const Four*>(from + line * from_line + column);
  };
  const auto put = [&](int64_t column, int64_t line, const Four& values) {
    *reinterpret_cast<Four*>(to + column * to_line + line) = values;
  };
  const int64_t whole_lines = lines / 4 * 4, whole_columns = columns / 4 * 4;
  for (int64_t l = 0; l < whole_lines; l += 4) {
    for (int64_t c = 0; c < whole_columns; c += 4) {
      const Four a = four(l, c), b = four(l + 1, c), d = four(l + 2, c), e = four(l + 3, c);
      const Four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5),
                 ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
      const Four de_low = __builtin_shufflevector(d, e, 0, 4, 1, 5),
                 de_high = __builtin_shufflevector(d, e, 2, 6, 3, 7);
      put(c, l, __builtin_shufflevector(ab_low, de_low, 0, 1, 4, 5));
      put(c + 1, l, __builtin_shufflevector(ab_low, de_low, 2, 3, 6, 7));
      put(c + 2, l, __builtin_shufflevector(ab_high, de_high, 0, 1, 4, 5));
      put(c + 3, l, __builtin_shufflevector(ab_high, de_high, 2, 3, 6, 7));
    }
  }
  for (int64_t l = 0; l < lines; ++l) {
    const int64_t first = l < whole_lines ? whole_columns : 0;
    for (int64_t c = first; c < columns; ++c) to[c * to_line + l] = from[l * from_line + c];
  }
}

// Calls visit(a zero of the tensor's type).
template <typename Visit>
void with_type(const at::Tensor& maps, const Visit& visit) {
  if (maps.scalar_type() == at::kFloat) return visit(float{});
  CAMSWEEP_CHECK(maps.scalar_type() == at::kBFloat16, "maps are of float32 or bfloat16");
  visit(at::BFloat16{});
}

}  // namespace

ChannelBlock::ChannelBlock(int64_t height, int64_t width, Padding padding, int64_t lanes)
    : height_(height),
      width_(width),
      padding_(padding),
      lanes_(lanes),
      stride_((padding.left + width + padding.right) * lanes),
      values_(at::zeros({height * stride_})),
      first_(values_.mutable_data_ptr<float>()) {}

void ChannelBlock::load(const at::Tensor& maps, int64_t image, int64_t first) {
  if (first + lanes_ > maps.size(1)) clear();
  with_type(maps, [&](auto zero) {
    using Value = decltype(zero);
    const Channels<const Value> channels(maps, image, first, lanes_);
    for (int64_t y = 0; y < height_; ++y) {
      if constexpr (std::is_same_v<Value, float>) {
        if (channels.of_column == 1) {
          transpose(channels.first + y * channels.of_row, channels.of_channel, at(y, 0), lanes_, channels.count,
                    width_);
          continue;
        }
      }
      for_each_value(channels, y, width_, at(y, 0), lanes_,
                     [](const Value& value, float& lane) { lane = static_cast<float>(value); });
    }
  });
}

void ChannelBlock::store(const at::Tensor& maps, int64_t image, int64_t first) const {
  with_type(maps, [&](auto zero) {
    using Value = decltype(zero);
    const Channels<Value> channels(maps, image, first, lanes_);
    for (int64_t y = 0; y < height_; ++y) {
      if constexpr (std::is_same_v<Value, float>) {
        if (channels.of_column == 1) {
          transpose(from(y, 0).first, lanes_, channels.first + y * channels.of_row, channels.of_channel, width_,
                    channels.count);
          continue;
        }
      }
      for_each_value(channels, y, width_, from(y, 0).first, lanes_,
                     [](Value& value, const float& lane) { value = static_cast<Value>(lane); });
    }
  });
}

void ChannelBlock::clear() { std::fill_n(first_, height_ * stride_, 0.f); }

void ChannelBlock::rotate() {
  for (int64_t i = 0; i < height_ * width_ / 2; ++i) {
    const int64_t j = height_ * width_ - 1 - i;
    std::swap_ranges(at(i / width_, i % width_), at(i / width_, i % width_) + lanes_, at(j / width_, j % width_));
  }
}

}  // namespace camsweep
