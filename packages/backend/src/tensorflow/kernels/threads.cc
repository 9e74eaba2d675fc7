#include <neverend/threads.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace neverend {
namespace {

// Below this many floats a thread, waking it costs more than it does.
constexpr int64_t kCostPerPart = 32768;

std::atomic<int> threads{1};

using Work = std::function<void(int64_t, int64_t, int)>;

// Threads that sleep between runs. They live as long as the process and are never joined: the process may end at
// any time, and nothing of theirs is left to save then.
class Pool {
 public:
  // Runs parts 1 and up on other threads, part 0 on this one.
  void run(int parts, int64_t count, const Work& work) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      while (static_cast<int>(workers_) < parts - 1) {
        const int part = ++workers_;
        std::thread([this, part, seen = generation_] { serve(part, seen); }).detach();
      }
      work_ = &work;
      count_ = count;
      parts_ = parts;
      left_ = parts - 1;
      ++generation_;
    }
    wake_.notify_all();
    work(0, count / parts, 0);
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return left_ == 0; });
  }

  std::mutex turn;

 private:
  void serve(int part, uint64_t seen) {
    for (;;) {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return generation_ != seen; });
      seen = generation_;
      if (part >= parts_) continue;
      const Work& work = *work_;
      const int64_t begin = count_ * part / parts_;
      const int64_t end = count_ * (part + 1) / parts_;
      lock.unlock();
      work(begin, end, part);
      lock.lock();
      if (--left_ == 0) done_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  uint64_t generation_ = 0;
  int workers_ = 0;
  int left_ = 0;
  int parts_ = 0;
  int64_t count_ = 0;
  const Work* work_ = nullptr;
};

Pool& pool() {
  static Pool* pool = new Pool();
  return *pool;
}

}  // namespace

void setThreadCount(int count) { threads = std::max(1, count); }

int partCount(int64_t count, int64_t cost) {
  const int64_t useful = std::min<int64_t>(count, cost / kCostPerPart);
  return static_cast<int>(std::max<int64_t>(1, std::min<int64_t>(threads, useful)));
}

void parallel(int64_t count, int64_t cost, const Work& work) {
  inParts(partCount(count, cost), count, work);
}

void inParts(int parts, int64_t count, const Work& work) {
  // Another isolate of this process may be at work: then this one waits.
  if (parts > 1) {
    std::lock_guard<std::mutex> turn(pool().turn);
    pool().run(parts, count, work);
    return;
  }
  work(0, count, 0);
}

}  // namespace neverend
