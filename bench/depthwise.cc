// Depthwise convolutions of the large-kernel networks (spec backbones, 17.1) on one thread: ours beside LibTorch's, the
// faster of both memory layouts with converting there and back. Values are compared in both layouts first.
//   depthwise [BATCH]
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <vector>

#include "bench/cpu_time.h"
#include "workers/kernels/depthwise.h"

namespace camsweep {
namespace {

struct Shape {
  int64_t channels = 0;
  int64_t side = 0;
  int64_t filter_height = 0;
  int64_t filter_width = 0;
};

const std::vector<Shape> kShapes = {{128, 56, 31, 31}, {256, 28, 29, 29}, {512, 14, 27, 27}, {1024, 7, 13, 13},
                                    {128, 96, 31, 31}, {512, 24, 27, 27}, {124, 56, 51, 5},  {124, 56, 5, 51},
                                    {96, 56, 7, 7},    {96, 56, 5, 5},    {96, 56, 3, 3}};
constexpr at::MemoryFormat kLayouts[] = {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast};
constexpr int kRuns = 5;

using Operation = std::function<at::Tensor(const at::Tensor& x, const at::Tensor& gradient)>;

// Pairs of positions and taps that meet, twice: a product and a sum.
double flops(const Shape& s, int64_t batch) {
  const auto pairs = [](int64_t side, int64_t taps) {
    int64_t count = 0;
    for (int64_t d = -(taps / 2); d <= taps / 2; ++d) count += std::max<int64_t>(0, side - std::abs(d));
    return static_cast<double>(count);
  };
  return 2 * static_cast<double>(batch * s.channels) * pairs(s.side, s.filter_height) * pairs(s.side, s.filter_width);
}

struct Case {
  Shape shape;
  at::Tensor x, gradient, filters;

  Case(const Shape& s, int64_t batch)
      : shape(s),
        x(at::randn({batch, s.channels, s.side, s.side})),
        gradient(at::randn_like(x)),
        filters(at::randn({s.channels, 1, s.filter_height, s.filter_width})) {}

  at::Tensor values(const at::Tensor& maps) const {
    return at::conv2d(maps, filters, {}, 1, {shape.filter_height / 2, shape.filter_width / 2}, 1, shape.channels);
  }
  at::Tensor backward(const at::Tensor& maps, const at::Tensor& of_values, bool of_input) const {
    const auto gradients = at::convolution_backward(
        of_values, maps, filters, at::OptionalIntArrayRef(), {1, 1}, {shape.filter_height / 2, shape.filter_width / 2},
        {1, 1}, /*transposed=*/false, {0, 0}, shape.channels, {of_input, !of_input, false});
    return of_input ? std::get<0>(gradients) : std::get<1>(gradients);
  }
};

double least_ms(const std::function<void()>& work) {
  double least = cpu_time_ms(work);
  for (int run = 1; run < kRuns; ++run) least = std::min(least, cpu_time_ms(work));
  return least;
}

// For maps that come, and are wanted, in `layout`.
double baseline_ms(const Case& c, const Operation& theirs, at::MemoryFormat layout) {
  const at::Tensor x = c.x.contiguous(layout), gradient = c.gradient.contiguous(layout);
  double least = 0;
  for (const at::MemoryFormat used : kLayouts) {
    const double ms = least_ms([&] {
      const at::Tensor result = theirs(x.contiguous(used), gradient.contiguous(used));
      if (result.sizes() == x.sizes()) static_cast<void>(result.contiguous(layout));
    });
    least = least == 0 ? ms : std::min(least, ms);
  }
  return least;
}

// False if ours differs.
bool report(const Case& c, const char* name, const Operation& ours, const Operation& theirs) {
  const double work = flops(c.shape, c.x.size(0)) * 1e-6;
  for (const at::MemoryFormat layout : kLayouts) {
    const at::Tensor x = c.x.contiguous(layout), gradient = c.gradient.contiguous(layout);
    const at::Tensor expected = theirs(c.x.to(at::kDouble), c.gradient.to(at::kDouble));
    const double error = ((ours(x, gradient) - expected).abs().max() / expected.abs().max()).item<double>();
    if (!(error < 1e-5)) return fmt::print("{}: {} of the largest value off\n", name, error), false;
    const double own = least_ms([&] { static_cast<void>(ours(x, gradient)); });
    const double peer = baseline_ms(c, theirs, layout);
    fmt::print(
        "{:4} {:3} {:>2}x{:<2} {:14} {:13} {:8.2f} ms {:6.1f} GFLOP/s, LibTorch {:8.2f} ms {:6.1f}: {:6.2f} times\n",
        c.shape.channels, c.shape.side, c.shape.filter_height, c.shape.filter_width, name,
        layout == at::MemoryFormat::Contiguous ? "NCHW" : "channels-last", own, work / own, peer, work / peer,
        peer / own);
  }
  return true;
}

bool run(int64_t batch) {
  for (const Shape& shape : kShapes) {
    const Case c(shape, batch);
    Case twin = c;
    twin.filters = c.filters.to(at::kDouble);
    const auto mine = [&c, &twin](const at::Tensor& x) -> const Case& {
      return x.scalar_type() == at::kDouble ? twin : c;
    };
    const bool right = report(
                           c, "values", [&](auto& x, auto&) { return depthwise_values(x, c.filters, {}); },
                           [&](auto& x, auto&) { return mine(x).values(x); }) &&
                       report(
                           c, "input gradient", [&](auto&, auto& g) { return depthwise_input_gradient(g, c.filters); },
                           [&](auto& x, auto& g) { return mine(x).backward(x, g, true); }) &&
                       report(
                           c, "filter gradient",
                           [&](auto& x, auto& g) {
                             return depthwise_filter_gradient(x, g, {shape.filter_height, shape.filter_width});
                           },
                           [&](auto& x, auto& g) { return mine(x).backward(x, g, false); });
    if (!right) return false;
  }
  return true;
}

}  // namespace
}  // namespace camsweep

int main(int argc, char** argv) {
  at::set_num_threads(1);
  return camsweep::run(argc > 1 ? std::atoi(argv[1]) : 2) ? 0 : 1;
}
