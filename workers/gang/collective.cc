#include "workers/gang/collective.h"

namespace camsweep {
namespace {

class SingleCollective : public Collective {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void all_reduce_sum(at::Tensor&) override {}
  void join() override {}
  void broadcast(at::Tensor&) override {}
  std::string broadcast_bytes(std::string bytes) override { return bytes; }
  std::vector<std::string> gather_bytes(const std::string& bytes) override { return {bytes}; }
  int64_t max(int64_t value) override { return value; }
  void barrier() override {}
};

}  // namespace

std::unique_ptr<Collective> make_single_collective() { return std::make_unique<SingleCollective>(); }

std::string shared_text(Collective& collective, const std::string& own) {
  std::string first;
  for (const std::string& text : collective.gather_bytes(own)) {
    if (first.empty()) first = text;
  }
  return collective.broadcast_bytes(first);
}

}  // namespace camsweep
