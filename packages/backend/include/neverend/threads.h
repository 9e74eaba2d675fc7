// The threads that kernels share their work among.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

namespace neverend {

// How many threads share the work, the caller among them, from the next run on. At least 1, which it is at first.
void setThreadCount(int count);

// Splits [0, count) into equal parts, at most one a thread, and runs `work(begin, end, part)` on each. Where the cost
// of all (in floats read and written) is small, the caller does all of it. What a part is depends on nothing but
// the count, the cost and the number of threads.
void parallel(int64_t count, int64_t cost,
              const std::function<void(int64_t begin, int64_t end, int part)>& work);

// Into how many parts `parallel` would split now; another isolate may change that at any time.
int partCount(int64_t count, int64_t cost);

// Does what `parallel` does, in exactly so many parts.
void inParts(int parts, int64_t count,
             const std::function<void(int64_t begin, int64_t end, int part)>& work);

// Adds the rows of `sums` (one a part, each `width` long) into `total`, in their order.
inline void addParts(const std::vector<float>& sums, float* total, int64_t width) {
  std::fill(total, total + width, 0.0f);
  for (size_t i = 0; i < sums.size(); ++i) total[i % width] += sums[i];
}

// Sums over rows of `width` numbers, on all threads: `work` adds what the rows from `begin` to `end` come to into `sums`, which are
// 0 at first. A block of rows is summed by itself, and the blocks in their order: one sum of many rows would lose digits, and
// this one is the same on any number of threads.
inline void sumRows(int64_t rows, int64_t cost, float* total, int64_t width,
                    const std::function<void(int64_t begin, int64_t end, float* sums)>& work) {
  const int64_t height = std::clamp<int64_t>(65536 / std::max<int64_t>(1, width), 8, 64);
  const int64_t blocks = (rows + height - 1) / height;
  std::vector<float> sums(blocks * width);
  parallel(blocks, cost, [&](int64_t begin, int64_t end, int) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t row = block * height;
      work(row, std::min(rows, row + height), sums.data() + block * width);
    }
  });
  addParts(sums, total, width);
}

}  // namespace neverend
