#include "workers/analysis/block_pool.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/Device.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <list>
#include <mutex>
#include <new>
#include <unordered_map>

namespace camsweep {
namespace {

constexpr size_t kLargeBytes = size_t{1} << 20;

struct Block {
  void* data = nullptr;
  size_t bytes = 0;
};

void unmap(const Block& block) { ::munmap(block.data, block.bytes); }

class Blocks {
 public:
  bool is_open() {
    const std::lock_guard lock(mutex_);
    return users_ > 0;
  }

  void open() {
    const std::lock_guard lock(mutex_);
    if (users_++ == 0) most_in_use_ = in_use_;
  }

  // Keeps nothing after the last user.
  void close() {
    const std::lock_guard lock(mutex_);
    if (--users_ == 0) shrink_to(0);
  }

  // Throws std::bad_alloc.
  void* take(size_t bytes) {
    const std::lock_guard lock(mutex_);
    void* data = reuse(bytes);
    if (!data) {
      shrink_to(std::max(most_in_use_, in_use_ + bytes) - (in_use_ + bytes));
      data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (data == MAP_FAILED) throw std::bad_alloc();
    }
    lent_.emplace(data, bytes);
    in_use_ += bytes;
    most_in_use_ = std::max(most_in_use_, in_use_);
    return data;
  }

  // False: it is none of these blocks.
  bool give_back(void* data) {
    const std::lock_guard lock(mutex_);
    const auto lent = lent_.find(data);
    if (lent == lent_.end()) return false;
    free_.push_back({data, lent->second});
    free_bytes_ += lent->second;
    in_use_ -= lent->second;
    lent_.erase(lent);
    if (users_ == 0) shrink_to(0);
    return true;
  }

 private:
  // The block that was left last; null: there is none of this size.
  void* reuse(size_t bytes) {
    const auto last = std::find_if(free_.rbegin(), free_.rend(), [=](const Block& b) { return b.bytes == bytes; });
    if (last == free_.rend()) return nullptr;
    void* data = last->data;
    free_.erase(std::next(last).base());
    free_bytes_ -= bytes;
    return data;
  }

  // Gives up what was left longest ago.
  void shrink_to(size_t bytes) {
    while (free_bytes_ > bytes) {
      unmap(free_.front());
      free_bytes_ -= free_.front().bytes;
      free_.pop_front();
    }
  }

  std::mutex mutex_;  // guards the rest
  std::list<Block> free_;
  std::unordered_map<void*, size_t> lent_;
  size_t free_bytes_ = 0;
  size_t in_use_ = 0;
  size_t most_in_use_ = 0;
  int users_ = 0;
};

// In front of LibTorch's own. It stays once it is there: convolutions allocate by one call and free by another, each of
// whatever allocator is there at the time.
class PooledAllocator final : public c10::Allocator {
 public:
  static PooledAllocator& installed() {
    static PooledAllocator* const allocator = [] {
      auto* made = new PooledAllocator(*c10::GetAllocator(c10::kCPU));
      c10::SetCPUAllocator(made);
      return made;
    }();
    return *allocator;
  }

  Blocks& blocks() { return blocks_; }

  c10::DataPtr allocate(size_t bytes) override {
    if (bytes < kLargeBytes || !blocks_.is_open()) return own_.allocate(bytes);
    void* data = blocks_.take(bytes);
    return {data, data, &PooledAllocator::release, c10::Device(c10::kCPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &PooledAllocator::release; }

  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }

 private:
  explicit PooledAllocator(c10::Allocator& own) : own_(own) {}

  static void release(void* data) {
    PooledAllocator& allocator = installed();
    if (!allocator.blocks_.give_back(data)) allocator.own_.raw_deleter()(data);
  }

  c10::Allocator& own_;
  Blocks blocks_;
};

}  // namespace

BlockPool::BlockPool() { PooledAllocator::installed().blocks().open(); }

BlockPool::~BlockPool() { PooledAllocator::installed().blocks().close(); }

}  // namespace camsweep
