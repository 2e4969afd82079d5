#include "workers/kernels/depthwise.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <utility>

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

// Values of the maps of one block of channels.
class BlockConvolution {
 public:
  BlockConvolution(const Sides& map, const Sides& filter, const CorrelationKernels& kernels)
      : map_(map),
        filter_(filter),
        kernels_(kernels),
        width_(group_width(map.width, kernels.widest)),
        input_(map.height, map.width, map_padding(filter.width, kernels), kernels.lanes),
        taps_(filter.height, filter.width, {0, kStepPositions}, kernels.lanes),
        output_(map.height, map.width, {0, kernels.widest}, kernels.lanes),
        bias_(1, 1, {}, kernels.lanes) {}

  ChannelBlock& input() { return input_; }
  ChannelBlock& taps() { return taps_; }
  ChannelBlock& bias() { return bias_; }

  const ChannelBlock& compute() {
    for (int64_t y = 0; y < map_.height; ++y) {
      const Range rows = meeting(filter_.height, map_.height, y, 1, filter_.height / 2);
      for (int64_t x = 0; x < map_.width; x += width_) {
        const Range columns = meeting(filter_.width, map_.width, x, width_, filter_.width / 2);
        float* const sums = output_.at(y, x);
        for (int64_t i = 0; i < width_; ++i) std::copy_n(bias_.at(0, 0), kernels_.lanes, sums + i * kernels_.lanes);
        const VectorRows input =
            std::as_const(input_).from(y + rows.begin - filter_.height / 2, x + columns.begin - filter_.width / 2);
        kernels_.of_width[static_cast<size_t>(width_)](taps_.from(rows.begin, columns.begin), input, rows.count(),
                                                       columns.steps(), sums);
      }
    }
    return output_;
  }

 private:
  Sides map_;
  Sides filter_;
  const CorrelationKernels& kernels_;
  int64_t width_;
  ChannelBlock input_;
  ChannelBlock taps_;
  ChannelBlock output_;
  ChannelBlock bias_;
};

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
    BlockConvolution block({x.size(2), x.size(3)}, filter, kernels);
    for (int64_t i = begin; i < end; ++i) {
      const int64_t channel = i / images * kernels.lanes;
      if (i == begin || i % images == 0) {
        block.taps().load(all_taps, 0, channel);
        if (rotated) block.taps().rotate();
        if (bias) block.bias().load(all_biases, 0, channel);
      }
      block.input().load(x, i % images, channel);
      block.compute().store(result, i % images, channel);
    }
  });
  return result;
}

// The gradient of one block of channels' filters: sums over the images of calls of add().
class BlockFilterGradient {
 public:
  BlockFilterGradient(const Sides& map, const Sides& filter, const CorrelationKernels& kernels)
      : map_(map),
        filter_(filter),
        kernels_(kernels),
        width_(group_width(filter.width, kernels.widest)),
        input_(map.height, map.width, map_padding(filter.width, kernels), kernels.lanes),
        gradient_(map.height, map.width, {0, kStepPositions}, kernels.lanes),
        sums_(filter.height, filter.width, {0, kernels.widest}, kernels.lanes) {}

  ChannelBlock& input() { return input_; }
  ChannelBlock& gradient() { return gradient_; }
  ChannelBlock& sums() { return sums_; }

  void add() {
    for (int64_t ky = 0; ky < filter_.height; ++ky) {
      const Range rows = meeting(map_.height, map_.height, ky, 1, filter_.height / 2);
      if (rows.count() <= 0) continue;
      for (int64_t kx = 0; kx < filter_.width; kx += width_) {
        const Range columns = meeting(map_.width, map_.width, kx, width_, filter_.width / 2);
        if (columns.count() <= 0) continue;
        const VectorRows input =
            std::as_const(input_).from(rows.begin + ky - filter_.height / 2, columns.begin + kx - filter_.width / 2);
        kernels_.of_width[static_cast<size_t>(width_)](gradient_.from(rows.begin, columns.begin), input, rows.count(),
                                                       columns.steps(), sums_.at(ky, kx));
      }
    }
  }

 private:
  Sides map_;
  Sides filter_;
  const CorrelationKernels& kernels_;
  int64_t width_;
  ChannelBlock input_;
  ChannelBlock gradient_;
  ChannelBlock sums_;
};

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
    BlockFilterGradient block({x.size(2), x.size(3)}, filter, kernels);
    for (int64_t i = begin; i < end; ++i) {
      block.sums().clear();
      for (int64_t image = 0; image < x.size(0); ++image) {
        block.input().load(x, image, i * kernels.lanes);
        block.gradient().load(gradient, image, i * kernels.lanes);
        block.add();
      }
      block.sums().store(all_taps, 0, i * kernels.lanes);
    }
  });
  return result;
}

}  // namespace camsweep
