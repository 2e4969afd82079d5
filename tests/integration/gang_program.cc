// A rank whose jobs are given by `parameters.do`: what gang_processes_test drives through mpirun. Without LibTorch's
// networks, with everything else of a worker.
#include <ATen/ATen.h>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

#include "schemas/error.h"
#include "workers/gang/rank.h"

namespace camsweep {
namespace {

JobSuccess success(const std::string& name, double value) {
  JobSuccess result;
  result.metrics = {{.name = name, .epoch = std::nullopt, .value = value}};
  return result;
}

// 1 if everything the ranks told each other is what it must be.
JobEnd exchange(JobContext& context) {
  Collective& all = context.collective;
  const double ranks = all.size();
  const double sum_of_ranks = ranks * (ranks - 1) / 2;
  bool right = true;
  for (const at::ScalarType type : {at::kFloat, at::kDouble, at::kBFloat16}) {
    std::vector<at::Tensor> buckets;
    for (const int64_t length : {1, 1000, 300'000}) {
      buckets.push_back(at::full({length}, all.rank() + 1, at::TensorOptions(type)));
      all.all_reduce_sum(buckets.back());
    }
    all.join();
    for (const at::Tensor& bucket : buckets) right = right && at::all(bucket == sum_of_ranks + ranks).item<bool>();
  }
  at::Tensor columns = at::full({3, 4}, all.rank()).t();  // not contiguous
  if (all.rank() == 0) columns.copy_(at::arange(12).view({4, 3}));
  all.broadcast(columns);
  right = right && at::equal(columns, at::arange(12).view({4, 3}).to(columns.scalar_type()));

  const std::string text(100'000, 'x');
  right = right && all.broadcast_bytes(all.rank() == 0 ? text : "") == text;
  const std::vector<std::string> gathered = all.gather_bytes(std::string(static_cast<size_t>(all.rank()) * 1000, 'r'));
  right = right && gathered.size() == (all.rank() == 0 ? static_cast<size_t>(all.size()) : 0);
  for (size_t rank = 0; rank < gathered.size(); ++rank) right = right && gathered[rank].size() == rank * 1000;
  right = right && all.max(10 + all.rank()) == 10 + all.size() - 1;
  return success("exchange.right", static_cast<double>(1 - all.max(right ? 0 : 1)));
}

JobEnd print(JobContext& context) {
  std::puts("a library prints on stdout");
  fmt::print(stderr, "and on stderr, rank {}\n", context.collective.rank());
  return success("print.done", 1);
}

// Steps until it is told to stop, as a training does.
JobEnd until_stopped(JobContext& context) {
  for (int64_t step = 0;; ++step) {
    context.reporter.progress(0, step, 0, 1.5);
    if (context.collective.max(static_cast<int64_t>(context.stop.load())) > 0) return JobStopped{};
  }
}

JobEnd fail_alone(JobContext& context) {
  if (context.collective.rank() == 1) throw std::runtime_error("rank 1 found a bad day");
  context.collective.barrier();
  return success("never", 0);
}

JobEnd run(JobContext& context) {
  static const std::map<std::string, JobEnd (*)(JobContext&)> jobs = {
      {"exchange", exchange}, {"print", print}, {"until_stopped", until_stopped}, {"fail_alone", fail_alone}};
  const std::string name = context.assignment.parameters.value("do", "nothing");
  const auto job = jobs.find(name);
  return job == jobs.end() ? success("nothing", 0) : job->second(context);
}

}  // namespace
}  // namespace camsweep

// Started as camsweep-rank starts a worker: PROGRAM rank --channel FD --threads T [--size N].
int main(int argc, char** argv) {
  camsweep::RankOptions options;
  options.beat = std::chrono::milliseconds(20);
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--channel") options.channel_fd = std::atoi(argv[i + 1]);
    if (name == "--threads") options.threads = std::atoi(argv[i + 1]);
    if (name == "--size") options.size = std::atoi(argv[i + 1]);
  }
  try {
    camsweep::run_rank(options, camsweep::run);
    return 0;
  } catch (const camsweep::Error& error) {
    std::cerr << "gang_program: " << error.what() << '\n';
    return static_cast<int>(error.code());
  }
}
