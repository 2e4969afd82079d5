#include "workers/kernels/depthwise.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>

#include "schemas/error.h"
#include "workers/kernels/channel_block.h"
#include "workers/kernels/correlation.h"

namespace camsweep {
namespace {

struct Sides {
  int64_t height = 0;
  int64_t width = 0;
};

// From begin up to, without, end.
struct Range {
  int64_t begin = 0;
  int64_t end = 0;

  int64_t count() const { return end - begin; }
  int64_t steps() const { return (count() + kStepPositions - 1) / kStepPositions; }
};

// Along one axis: the taps of a filter that lie on the map, of `size` positions, for at least one of `width`
// neighbouring outputs, the first at `output`; `half` taps lie before the centre. Taps and outputs may change places:
// the outputs for which at least one of `width` neighbouring taps lies on the map.
Range meeting(int64_t taps, int64_t size, int64_t output, int64_t width, int64_t half) {
  return {std::max<int64_t>(0, half - output - width + 1), std::min(taps, size + half - output)};
}

int64_t blocks_of(int64_t channels, int64_t lanes) { return (channels + lanes - 1) / lanes; }

// Zeros beside a map: as far as a filter reaches, and what groups of sums and steps read beyond.
ChannelBlock::Padding map_padding(int64_t filter_width, const CorrelationKernels& kernels) {
  return {filter_width / 2, kernels.widest + kStepPositions};
}

void check(const at::Tensor& x, int64_t channels, const Sides& filter) {
  CAMSWEEP_CHECK(x.dim() == 4 && x.size(1) == channels, "a filter for each channel");
  CAMSWEEP_CHECK(filter.height % 2 == 1 && filter.width % 2 == 1, "filters have a centre");
}

// The input of one block of channels, and what is correlated with it: the filters for values, the values' gradient for
// that of the filters.
struct BlockCorrelation {
  Sides map;
  Sides filter;
  const CorrelationKernels& kernels;
  ChannelBlock input;

  BlockCorrelation(const at::Tensor& x, const Sides& filter_sides, const CorrelationKernels& chosen)
      : map{x.size(2), x.size(3)},
        filter(filter_sides),
        kernels(chosen),
        input(map.height, map.width, map_padding(filter.width, kernels), kernels.lanes) {}

  // Adds to `width` sums, of outputs or of taps, side by side from (y, x) on; `left` has the sides `of_left`.
  void add(const ChannelBlock& left, const Sides& of_left, int64_t y, int64_t x, int64_t width, float* sums) const {
    const int64_t above = filter.height / 2, before = filter.width / 2;
    const Range rows = meeting(of_left.height, map.height, y, 1, above);
    const Range columns = meeting(of_left.width, map.width, x, width, before);
    if (rows.count() <= 0 || columns.count() <= 0) return;
    kernels.of_width[static_cast<size_t>(width)](left.from(rows.begin, columns.begin),
                                                 input.from(y + rows.begin - above, x + columns.begin - before),
                                                 rows.count(), columns.steps(), sums);
  }
};

void compute_values(const BlockCorrelation& block, const ChannelBlock& taps, ChannelBlock& bias, ChannelBlock& values) {
  const int64_t width = group_width(block.map.width, block.kernels.widest), lanes = block.kernels.lanes;
  for (int64_t y = 0; y < block.map.height; ++y) {
    for (int64_t x = 0; x < block.map.width; x += width) {
      float* const sums = values.at(y, x);
      for (int64_t i = 0; i < width; ++i) std::copy_n(bias.at(0, 0), lanes, sums + i * lanes);
      block.add(taps, block.filter, y, x, width, sums);
    }
  }
}

void add_filter_gradient(const BlockCorrelation& block, const ChannelBlock& gradient, ChannelBlock& of_taps) {
  const int64_t width = group_width(block.filter.width, block.kernels.widest);
  for (int64_t ky = 0; ky < block.filter.height; ++ky) {
    for (int64_t kx = 0; kx < block.filter.width; kx += width) {
      block.add(gradient, block.map, ky, kx, width, of_taps.at(ky, kx));
    }
  }
}

at::Tensor convolve(const at::Tensor& x, const at::Tensor& filters, const std::optional<at::Tensor>& bias, bool rotated,
                    InstructionSet set) {
  const CorrelationKernels& kernels = correlation_kernels(set);
  const Sides filter{filters.size(2), filters.size(3)};
  check(x, filters.size(0), filter);
  at::Tensor result = at::empty_like(x);
  const at::Tensor all_taps = filters.transpose(0, 1);
  const at::Tensor all_biases = bias ? bias->view({1, -1, 1, 1}) : at::Tensor();
  const int64_t images = x.size(0);
  at::parallel_for(0, blocks_of(x.size(1), kernels.lanes) * images, 1, [&](int64_t begin, int64_t end) {
    BlockCorrelation block(x, filter, kernels);
    ChannelBlock taps(filter.height, filter.width, {0, kStepPositions}, kernels.lanes);
    ChannelBlock biases(1, 1, {}, kernels.lanes);
    ChannelBlock values(x.size(2), x.size(3), {0, kernels.widest}, kernels.lanes);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t image = i % images, channel = i / images * kernels.lanes;
      if (i == begin || image == 0) {
        taps.load(all_taps, 0, channel);
        if (rotated) taps.rotate();
        if (bias) biases.load(all_biases, 0, channel);
      }
      block.input.load(x, image, channel);
      compute_values(block, taps, biases, values);
      values.store(result, image, channel);
    }
  });
  return result;
}

}  // namespace

at::Tensor depthwise_values(const at::Tensor& x, const at::Tensor& filters, const std::optional<at::Tensor>& bias,
                            InstructionSet set) {
  return convolve(x, filters, bias, /*rotated=*/false, set);
}

at::Tensor depthwise_input_gradient(const at::Tensor& gradient, const at::Tensor& filters, InstructionSet set) {
  return convolve(gradient, filters, /*bias=*/{}, /*rotated=*/true, set);
}

at::Tensor depthwise_filter_gradient(const at::Tensor& x, const at::Tensor& gradient, at::IntArrayRef sides,
                                     InstructionSet set) {
  const CorrelationKernels& kernels = correlation_kernels(set);
  const Sides filter{sides[0], sides[1]};
  check(x, gradient.size(1), filter);
  at::Tensor result = at::empty({x.size(1), 1, filter.height, filter.width}, x.options());
  const at::Tensor all_taps = result.transpose(0, 1);
  at::parallel_for(0, blocks_of(x.size(1), kernels.lanes), 1, [&](int64_t begin, int64_t end) {
    BlockCorrelation block(x, filter, kernels);
    ChannelBlock of_values(x.size(2), x.size(3), {0, kStepPositions}, kernels.lanes);
    ChannelBlock of_taps(filter.height, filter.width, {0, kernels.widest}, kernels.lanes);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t channel = i * kernels.lanes;
      of_taps.clear();
      for (int64_t image = 0; image < x.size(0); ++image) {
        block.input.load(x, image, channel);
        of_values.load(gradient, image, channel);
        add_filter_gradient(block, of_values, of_taps);
      }
      of_taps.store(all_taps, 0, channel);
    }
  });
  return result;
}

}  // namespace camsweep
