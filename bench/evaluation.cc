// What `camsweep evaluate` computes for each score map in memory, with a stopwatch; compare_evaluation.py runs it
// beside the peer.
//   evaluation boxes METADATA MAPS OUT      CPU ms per map of the largest contour's box, of all contours' and of both,
//                                           at all levels; OUT: per map its highest level and the IoUs of all levels
//   evaluation masks METADATA MAPS MASKS    CPU ms per map of the histogram, and with reading the masks; PxAP
//   evaluation raise COUNT THREADS DETAIL   wall seconds for COUNT maps of 28 x 28 to MaxBoxAcc and MaxBoxAccV2; they
//                                           are DETAIL x DETAIL uniform pixels raised to that: 7 is as smooth as class
//                                           activation maps are, 28 has nothing but noise
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "bench/cpu_time.h"
#include "schemas/json.h"
#include "workers/data/dataset_kinds.h"
#include "workers/localization/box_accuracy.h"
#include "workers/localization/map_resize.h"
#include "workers/localization/npy.h"
#include "workers/localization/parallel.h"
#include "workers/localization/pxap.h"

namespace camsweep {
namespace {

constexpr int kSide = 224;
constexpr double kStep = 0.001;
constexpr int kRuns = 5;

// The least of several runs: other work on the machine only adds.
template <typename Work>
double least_ms(const Work& work) {
  double least = cpu_time_ms(work);
  for (int run = 1; run < kRuns; ++run) least = std::min(least, cpu_time_ms(work));
  return least;
}

ScoreMap map_of(const std::string& maps, const Sample& sample) { return read_npy(maps + "/" + sample.id + ".npy"); }

void write_ious(std::ofstream& out, int top, const LevelIous& ious) {
  const double highest = top;
  out.write(reinterpret_cast<const char*>(&highest), sizeof(highest));
  out.write(reinterpret_cast<const char*>(ious.single.data()), sizeof(ious.single));
  out.write(reinterpret_cast<const char*>(ious.multi.data()), sizeof(ious.multi));
}

void boxes(const std::string& metadata, const std::string& maps, const std::string& file) {
  std::ofstream out(file, std::ios::binary);
  std::vector<double> single_ms, multi_ms, both_ms;
  for (const Sample& sample : read_wsol_split(metadata)) {
    const ScoreMap map = map_of(maps, sample);
    const std::vector<Box> truths = scale_boxes(sample.boxes, {sample.width, sample.height}, {kSide, kSide});
    LevelIous ious;
    single_ms.push_back(least_ms([&] { ious.single = single_ious(quantize(map), truths); }));
    multi_ms.push_back(least_ms([&] { ious.multi = multi_ious(quantize(map), truths); }));
    both_ms.push_back(least_ms([&] { level_ious(quantize(map), truths); }));
    write_ious(out, quantize(map).max(), ious);
  }
  fmt::print("{}\n", Json{{"single_ms", single_ms}, {"multi_ms", multi_ms}, {"both_ms", both_ms}}.dump());
}

void masks(const std::string& metadata, const std::string& maps, const std::string& folder) {
  PixelPrecision precision(kStep);
  std::vector<double> histogram_ms, whole_ms;
  for (const Sample& sample : read_wsol_split(metadata)) {
    const ScoreMap map = map_of(maps, sample);
    const std::vector<PixelLabel> labels = mask_labels(folder, sample, kSide);
    PixelPrecision timed(kStep);
    histogram_ms.push_back(least_ms([&] { timed.add(map, labels); }));
    whole_ms.push_back(least_ms([&] { timed.add(map, mask_labels(folder, sample, kSide)); }));
    precision.add(map, labels);
  }
  fmt::print("{}\n", Json{{"histogram_ms", histogram_ms}, {"whole_ms", whole_ms}, {"pxap", precision.pxap()}}.dump());
}

ScoreMap random_map(std::mt19937& random, int detail) {
  constexpr int kGrid = 28;
  std::uniform_real_distribution<double> uniform(0, 1);
  ScoreMap map{detail, detail, std::vector<double>(static_cast<size_t>(detail * detail))};
  for (double& value : map.values) value = uniform(random);
  return raise_map(map, kGrid, kGrid, MapFilter::kBicubic).map;
}

void raise(size_t count, int threads, int detail) {
  std::mt19937 random(0);
  std::vector<ScoreMap> maps;
  for (size_t i = 0; i < count; ++i) maps.push_back(random_map(random, detail));
  const std::vector<Box> truths = {{40, 30, 180, 190}};
  const auto start = std::chrono::steady_clock::now();
  struct Scored {
    LevelIous ious;
    int top = 0;
  };
  constexpr size_t kChunk = 512;
  BoxAccuracy accuracy(kStep);
  std::vector<Scored> scored(kChunk);
  for (size_t first = 0; first < count; first += kChunk) {
    const size_t end = std::min(count - first, kChunk);
    parallel_for(end, threads, [&](size_t i) {
      const LevelMap levels = raise_to_levels(maps[first + i], kSide, kSide, MapFilter::kBicubic);
      scored[i] = {level_ious(levels, truths), levels.max()};
    });
    for (size_t i = 0; i < end; ++i) {
      accuracy.add(scored[i].ious, scored[i].top, BoxAccuracy::Classified::kWrong);
    }
  }
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  fmt::print("{}\n", Json{{"wall_s", wall.count()},
                          {"maxboxacc", accuracy.maxboxacc().value},
                          {"maxboxacc_v2", accuracy.maxboxacc_v2()}}
                         .dump());
}

}  // namespace
}  // namespace camsweep

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 4 && arguments[0] == "boxes") {
    camsweep::boxes(arguments[1], arguments[2], arguments[3]);
  } else if (arguments.size() == 4 && arguments[0] == "masks") {
    camsweep::masks(arguments[1], arguments[2], arguments[3]);
  } else if (arguments.size() == 4 && arguments[0] == "raise") {
    camsweep::raise(std::stoull(arguments[1]), std::stoi(arguments[2]), std::stoi(arguments[3]));
  } else {
    fmt::print(stderr, "evaluation boxes METADATA MAPS OUT | masks METADATA MAPS MASKS | raise COUNT THREADS DETAIL\n");
    return 2;
  }
}
