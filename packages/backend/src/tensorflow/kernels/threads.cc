#include <neverend/threads.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace neverend {
namespace {

// Below this many floats a thread, waking it costs more than it does.
constexpr int64_t kCostPerPart = 32768;

// For so long a thread looks for work, or for the end of others' work, before it sleeps. One kernel follows another within less, and to
// wake a thread takes as long as a small kernel does.
constexpr std::chrono::microseconds kPatience{100};

std::atomic<int> threads{1};

// Whether the condition came true before patience ran out.
template <typename Condition>
bool soon(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  do {
    for (int spin = 0; spin < 64; ++spin) {
      if (condition()) return true;
#if defined(__x86_64__) && defined(__GNUC__)
      __builtin_ia32_pause();
#endif
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

using Work = std::function<void(int64_t, int64_t, int)>;

// Threads that sleep where no run follows soon. They live as long as the process and are never joined: the process may end at
// any time, and nothing of theirs is left to save then.
class Pool {
 public:
  // Runs parts 1 and up on other threads, part 0 on this one. Throws what one of them threw, once all have ended.
  void run(int parts, int64_t count, const Work& work) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      while (static_cast<int>(workers_) < parts - 1) {
        const int part = ++workers_;
        std::thread([this, part, seen = generation_.load()] { serve(part, seen); }).detach();
      }
      work_ = &work;
      count_ = count;
      parts_ = parts;
      left_ = parts - 1;
      ++generation_;
    }
    if (sleepers_ > 0) wake_.notify_all();
    runPart(work, 0, count / parts, 0);
    if (!soon([this] { return left_ == 0; })) {
      std::unique_lock<std::mutex> lock(mutex_);
      done_.wait(lock, [this] { return left_ == 0; });
    }
    if (thrown_ != nullptr) std::rethrow_exception(std::exchange(thrown_, nullptr));
  }

  std::mutex turn;

 private:
  void runPart(const Work& work, int64_t begin, int64_t end, int part) {
    try {
      work(begin, end, part);
    } catch (...) {
      std::lock_guard<std::mutex> lock(mutex_);
      thrown_ = std::current_exception();
    }
  }

  void serve(int part, uint64_t seen) {
    for (;;) {
      const bool found = soon([&] { return generation_ != seen; });
      std::unique_lock<std::mutex> lock(mutex_);
      if (!found) {
        ++sleepers_;
        wake_.wait(lock, [&] { return generation_ != seen; });
        --sleepers_;
      }
      seen = generation_;
      if (part >= parts_) continue;
      const Work& work = *work_;
      const int64_t begin = count_ * part / parts_;
      const int64_t end = count_ * (part + 1) / parts_;
      lock.unlock();
      runPart(work, begin, end, part);
      if (--left_ > 0) continue;
      // The caller may be about to sleep: it does so, or has seen that all is done, before the lock is there.
      lock.lock();
      done_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::atomic<uint64_t> generation_{0};
  std::atomic<int> sleepers_{0};
  std::atomic<int> left_{0};
  int workers_ = 0;
  int parts_ = 0;
  int64_t count_ = 0;
  const Work* work_ = nullptr;
  std::exception_ptr thrown_;
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
