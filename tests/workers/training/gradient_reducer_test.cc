#include "workers/training/gradient_reducer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/workers/training/fakes.h"

namespace camsweep {
namespace {

struct TinyNet {
  explicit TinyNet(at::MemoryFormat format = at::MemoryFormat::Contiguous) {
    const auto values = [](at::IntArrayRef shape) {
      return at::linspace(-1, 1, c10::multiply_integers(shape), at::kFloat).view(shape).clone();
    };
    parameters = {{"conv.weight", values({6, 3, 3, 3}).contiguous(format)},
                  {"unused", values({5})},
                  {"head.weight", values({2, 6})}};
    for (NamedTensor& parameter : parameters) parameter.tensor.requires_grad_(true);
  }
  at::Tensor loss(const at::Tensor& images) const {
    const at::Tensor map = at::conv2d(images, parameters[0].tensor).mean({2, 3});  // (N, 6)
    return at::linear(map, parameters[2].tensor).pow(2).mean();
  }
  std::vector<NamedTensor> parameters;
};

at::Tensor pictures(int64_t first, int64_t count) {
  return at::sin(at::arange(8 * 3 * 6 * 6, at::kFloat)).view({8, 3, 6, 6}).narrow(0, first, count);
}

TEST(GradientReducerTest, OneRankGetsAutogradsOwnGradients) {
  TinyNet plain;
  plain.loss(pictures(0, 8)).backward();
  TinyNet net;
  auto collective = make_single_collective();
  GradientReducer reducer(net.parameters, *collective, {.first_bucket_bytes = 64, .bucket_bytes = 64});

  for (int step = 0; step < 2; ++step) {  // the second step starts from zero again
    reducer.begin_step();
    net.loss(pictures(0, 8)).backward();
    reducer.finish();
  }

  EXPECT_GT(reducer.buckets(), 1u);
  EXPECT_TRUE(at::equal(net.parameters[0].tensor.grad(), plain.parameters[0].tensor.grad()));
  EXPECT_TRUE(at::equal(net.parameters[2].tensor.grad(), plain.parameters[2].tensor.grad()));
}

TEST(GradientReducerTest, ParameterWithoutGradientGetsZeroAndStopsNothing) {
  TinyNet net;
  auto collective = make_single_collective();
  GradientReducer reducer(net.parameters, *collective, {});

  reducer.begin_step();
  net.loss(pictures(0, 8)).backward();
  reducer.finish();

  EXPECT_TRUE(at::equal(net.parameters[1].tensor.grad(), at::zeros({5})));
}

TEST(GradientReducerTest, ChannelsLastWeightsKeepTheirLayoutInTheBucket) {
  TinyNet net(at::MemoryFormat::ChannelsLast);
  auto collective = make_single_collective();
  GradientReducer reducer(net.parameters, *collective, {});

  reducer.begin_step();
  net.loss(pictures(0, 8)).backward();
  reducer.finish();

  EXPECT_EQ(net.parameters[0].tensor.grad().strides(), net.parameters[0].tensor.strides());
}

TEST(GradientReducerTest, TwoRanksSumToTheGradientOfTheWholeBatch) {
  TinyNet whole;
  whole.loss(pictures(0, 8)).backward();

  for (const auto launch : {ReducerOptions::Launch::kAfterBackward, ReducerOptions::Launch::kDuringBackward}) {
    std::vector<TinyNet> nets(2);
    std::vector<at::Tensor> extras(2);
    on_ranks(2, [&](Collective& collective) {
      TinyNet& net = nets[collective.rank()];
      GradientReducer reducer(net.parameters, collective,
                              {.first_bucket_bytes = 64, .bucket_bytes = 64, .extra = 1, .launch = launch});
      reducer.begin_step();
      reducer.extra().fill_(collective.rank() + 1);
      (net.loss(pictures(4 * collective.rank(), 4)) / 2).backward();
      reducer.finish();
      for (NamedTensor& parameter : net.parameters) parameter.tensor.set_data(parameter.tensor.grad().clone());
      extras[collective.rank()] = reducer.extra().clone();
    });

    for (const size_t parameter : {0u, 2u}) {
      // Summing halves in another order: float32 rounding of values near 1.
      EXPECT_TRUE(
          at::allclose(nets[0].parameters[parameter].tensor, whole.parameters[parameter].tensor.grad(), 1e-5, 1e-6));
      EXPECT_TRUE(at::equal(nets[0].parameters[parameter].tensor, nets[1].parameters[parameter].tensor));
    }
    EXPECT_EQ(extras[0].item<float>(), 3.0f);
    EXPECT_EQ(extras[1].item<float>(), 3.0f);
  }
}

}  // namespace
}  // namespace camsweep
