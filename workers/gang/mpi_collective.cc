#include "workers/gang/mpi_collective.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "schemas/error.h"

namespace camsweep {
namespace {

// MPI counts are ints; no message is larger than this many elements or bytes.
constexpr int64_t kChunk = int64_t{1} << 28;
constexpr int kSizeTag = 1;
constexpr int kBytesTag = 2;

MPI_Datatype datatype(const at::Tensor& tensor) { return tensor.scalar_type() == at::kDouble ? MPI_DOUBLE : MPI_FLOAT; }

bool goes_as_it_is(const at::Tensor& tensor) {
  return tensor.is_cpu() && (tensor.scalar_type() == at::kDouble || tensor.scalar_type() == at::kFloat);
}

class MpiCollective : public Collective {
 public:
  explicit MpiCollective(const MpiWorld& world) : rank_(world.rank()), size_(world.size()) {
    check_mpi(MPI_Comm_dup(MPI_COMM_WORLD, &communicator_), "MPI_Comm_dup");
    check_mpi(MPI_Comm_set_errhandler(communicator_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  }
  // The communicator ends with the world: freeing it is collective, and a rank that fails leaves alone.
  ~MpiCollective() override = default;

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void all_reduce_sum(at::Tensor& flat) override {
    CAMSWEEP_CHECK(flat.is_contiguous() && flat.is_floating_point(), "a reduced tensor is contiguous and floating");
    Reduction reduction{.target = flat, .sum = flat, .requests = {}};
    if (!goes_as_it_is(flat)) {
      reduction.sum = flat.to(at::kCPU, flat.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
    }
    auto* data = static_cast<char*>(reduction.sum.data_ptr());
    for (int64_t first = 0; first < flat.numel(); first += kChunk) {
      const int count = static_cast<int>(std::min(kChunk, flat.numel() - first));
      reduction.requests.push_back(MPI_REQUEST_NULL);
      check_mpi(MPI_Iallreduce(MPI_IN_PLACE, data + first * reduction.sum.element_size(), count,
                               datatype(reduction.sum), MPI_SUM, communicator_, &reduction.requests.back()),
                "MPI_Iallreduce");
    }
    started_.push_back(std::move(reduction));
    advance();
  }

  void join() override {
    for (Reduction& reduction : started_) {
      for (MPI_Request& request : reduction.requests) wait_mpi(request);
      if (!reduction.sum.is_same(reduction.target)) reduction.target.copy_(reduction.sum);
    }
    started_.clear();
  }

  void broadcast(at::Tensor& tensor) override {
    at::Tensor host = tensor.is_cpu() && tensor.is_contiguous() ? tensor : tensor.cpu().contiguous();
    broadcast_memory(static_cast<char*>(host.data_ptr()), static_cast<int64_t>(host.nbytes()));
    if (!host.is_same(tensor) && rank_ != 0) tensor.copy_(host);
  }

  std::string broadcast_bytes(std::string bytes) override {
    int64_t length = static_cast<int64_t>(bytes.size());
    broadcast_memory(reinterpret_cast<char*>(&length), sizeof length);
    bytes.resize(static_cast<size_t>(length));
    broadcast_memory(bytes.data(), length);
    return bytes;
  }

  std::vector<std::string> gather_bytes(const std::string& bytes) override {
    if (rank_ != 0) {
      send(bytes);
      return {};
    }
    std::vector<std::string> all = {bytes};
    for (int rank = 1; rank < size_; ++rank) all.push_back(receive(rank));
    return all;
  }

  int64_t max(int64_t value) override {
    MPI_Request request = MPI_REQUEST_NULL;
    int64_t largest = value;
    check_mpi(MPI_Iallreduce(&value, &largest, 1, MPI_INT64_T, MPI_MAX, communicator_, &request), "MPI_Iallreduce");
    wait_mpi(request);
    return largest;
  }

  void barrier() override {
    MPI_Request request = MPI_REQUEST_NULL;
    check_mpi(MPI_Ibarrier(communicator_, &request), "MPI_Ibarrier");
    wait_mpi(request);
  }

 private:
  // One tensor on its way. `sum` is what MPI writes: `target` itself, or a copy in a type that MPI can add.
  struct Reduction {
    at::Tensor target;
    at::Tensor sum;
    std::vector<MPI_Request> requests;
  };

  // MPI moves data only inside its own calls: give every reduction on its way a turn.
  void advance() {
    for (Reduction& reduction : started_) {
      int done = 0;
      check_mpi(MPI_Testall(static_cast<int>(reduction.requests.size()), reduction.requests.data(), &done,
                            MPI_STATUSES_IGNORE),
                "MPI_Testall");
    }
  }

  void broadcast_memory(char* data, int64_t bytes) {
    for (int64_t first = 0; first < bytes; first += kChunk) {
      MPI_Request request = MPI_REQUEST_NULL;
      const int count = static_cast<int>(std::min(kChunk, bytes - first));
      check_mpi(MPI_Ibcast(data + first, count, MPI_BYTE, 0, communicator_, &request), "MPI_Ibcast");
      wait_mpi(request);
    }
  }

  void send(const std::string& bytes) {
    const int64_t length = static_cast<int64_t>(bytes.size());
    send_memory(&length, sizeof length, kSizeTag);
    for (int64_t first = 0; first < length; first += kChunk) {
      send_memory(bytes.data() + first, static_cast<int>(std::min(kChunk, length - first)), kBytesTag);
    }
  }

  std::string receive(int rank) {
    int64_t length = 0;
    receive_memory(&length, sizeof length, rank, kSizeTag);
    std::string bytes(static_cast<size_t>(length), '\0');
    for (int64_t first = 0; first < length; first += kChunk) {
      receive_memory(bytes.data() + first, static_cast<int>(std::min(kChunk, length - first)), rank, kBytesTag);
    }
    return bytes;
  }

  void send_memory(const void* data, int bytes, int tag) {
    MPI_Request request = MPI_REQUEST_NULL;
    check_mpi(MPI_Isend(data, bytes, MPI_BYTE, 0, tag, communicator_, &request), "MPI_Isend");
    wait_mpi(request);
  }

  void receive_memory(void* data, int bytes, int rank, int tag) {
    MPI_Request request = MPI_REQUEST_NULL;
    check_mpi(MPI_Irecv(data, bytes, MPI_BYTE, rank, tag, communicator_, &request), "MPI_Irecv");
    wait_mpi(request);
  }

  int rank_;
  int size_;
  MPI_Comm communicator_ = MPI_COMM_NULL;
  std::vector<Reduction> started_;
};

}  // namespace

std::unique_ptr<Collective> make_mpi_collective(const MpiWorld& world) {
  return std::make_unique<MpiCollective>(world);
}

}  // namespace camsweep
