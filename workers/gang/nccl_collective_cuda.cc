#include <ATen/ATen.h>
#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <fmt/format.h>
#include <nccl.h>

#include <chrono>
#include <thread>
#include <utility>

#include "schemas/error.h"
#include "workers/gang/nccl_collective.h"

namespace camsweep {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds kStartLimit{120};
constexpr seconds kEnqueueLimit{600};

[[noreturn]] void fail(ncclResult_t result, const char* call) {
  throw Error(ExitCode::kEnvironment, fmt::format("{} failed: {}", call, ncclGetErrorString(result)));
}

// A communicator that never blocks answers "in progress": ask until it has decided. No ncclCommAbort on failure, it may
// wait for the peers that are gone; the rank ends instead.
void settle(ncclComm_t communicator, ncclResult_t result, const char* call, seconds limit) {
  const auto deadline = steady_clock::now() + limit;
  while (result == ncclInProgress) {
    if (steady_clock::now() > deadline) {
      throw Error(ExitCode::kEnvironment, fmt::format("{} was not done after {} s", call, limit.count()));
    }
    std::this_thread::sleep_for(milliseconds(1));
    const ncclResult_t asked = ncclCommGetAsyncError(communicator, &result);
    if (asked != ncclSuccess) fail(asked, "ncclCommGetAsyncError");
  }
  if (result != ncclSuccess) fail(result, call);
}

ncclDataType_t datatype(const at::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return ncclFloat32;
    case at::kDouble:
      return ncclFloat64;
    case at::kBFloat16:
      return ncclBfloat16;
    case at::kHalf:
      return ncclFloat16;
    default:
      throw Error(ExitCode::kBug, "a reduced tensor is floating");
  }
}

class NcclCollective : public Collective {
 public:
  NcclCollective(std::unique_ptr<Collective> host, c10::Device device)
      : host_(std::move(host)),
        device_(device),
        stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/true, device.index())) {
    const c10::cuda::CUDAGuard guard(device_);
    ncclUniqueId id = {};
    // The id's maker serves the others while they connect: it must be a rank that stays, rank 0.
    if (rank() == 0) {
      if (const ncclResult_t result = ncclGetUniqueId(&id); result != ncclSuccess) fail(result, "ncclGetUniqueId");
    }
    const std::string bytes = host_->broadcast_bytes(std::string(id.internal, sizeof id.internal));
    bytes.copy(id.internal, sizeof id.internal);
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    config.blocking = 0;
    const ncclResult_t started = ncclCommInitRankConfig(&communicator_, size(), id, rank(), &config);
    // "Success" only says that the work has begun.
    settle(communicator_, started == ncclSuccess ? ncclInProgress : started, "ncclCommInitRankConfig", kStartLimit);
  }
  // The communicator ends with the process: destroying it waits for peers that may be dead.
  ~NcclCollective() override = default;

  int rank() const override { return host_->rank(); }
  int size() const override { return host_->size(); }

  void all_reduce_sum(at::Tensor& flat) override {
    if (!flat.is_cuda()) return host_->all_reduce_sum(flat);
    CAMSWEEP_CHECK(flat.is_contiguous(), "a reduced tensor is contiguous");
    begin();
    settle(communicator_,
           ncclAllReduce(flat.data_ptr(), flat.data_ptr(), static_cast<size_t>(flat.numel()), datatype(flat), ncclSum,
                         communicator_, stream_.stream()),
           "ncclAllReduce", kEnqueueLimit);
    on_stream_.push_back(flat);
  }

  void join() override {
    host_->join();
    at::cuda::CUDAEvent done;
    done.record(stream_);
    done.block(c10::cuda::getCurrentCUDAStream(device_.index()));
    on_stream_.clear();
  }

  void broadcast(at::Tensor& tensor) override {
    if (!tensor.is_cuda()) return host_->broadcast(tensor);
    at::Tensor flat = tensor.contiguous();
    begin();
    settle(
        communicator_,
        ncclBroadcast(flat.data_ptr(), flat.data_ptr(), flat.nbytes(), ncclUint8, 0, communicator_, stream_.stream()),
        "ncclBroadcast", kEnqueueLimit);
    join();
    if (!flat.is_same(tensor)) tensor.copy_(flat);
  }

  std::string broadcast_bytes(std::string bytes) override { return host_->broadcast_bytes(std::move(bytes)); }
  std::vector<std::string> gather_bytes(const std::string& bytes) override { return host_->gather_bytes(bytes); }
  int64_t max(int64_t value) override { return host_->max(value); }
  void barrier() override { host_->barrier(); }

 private:
  // What the current stream computed so far is ready before NCCL reads it.
  void begin() {
    at::cuda::CUDAEvent ready;
    ready.record(c10::cuda::getCurrentCUDAStream(device_.index()));
    ready.block(stream_);
  }

  std::unique_ptr<Collective> host_;
  c10::Device device_;
  c10::cuda::CUDAStream stream_;
  ncclComm_t communicator_ = nullptr;
  std::vector<at::Tensor> on_stream_;  // until join(), the allocator must not give their memory to the current stream
};

}  // namespace

std::unique_ptr<Collective> make_nccl_collective(std::unique_ptr<Collective> host, c10::Device device) {
  return std::make_unique<NcclCollective>(std::move(host), device);
}

std::string cuda_device_name(c10::Device device) {
  cudaDeviceProp properties = {};
  C10_CUDA_CHECK(cudaGetDeviceProperties(&properties, device.index()));
  return properties.name;
}

std::string gpu_bus_id(c10::Device device) {
  char text[32] = {};
  C10_CUDA_CHECK(cudaDeviceGetPCIBusId(text, sizeof text, device.index()));
  return text;
}

}  // namespace camsweep
