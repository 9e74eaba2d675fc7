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

// As `parallel`, in so many parts.
void inParts(int parts, int64_t count,
             const std::function<void(int64_t begin, int64_t end, int part)>& work);

// Adds to `total` the sums by column, `width` wide, that `work(begin, end, sums)` makes of rows from `begin` to `end`. It gets 64
// rows at a time: one long sum loses digits.
template <typename Work>
void sumInBlocks(int64_t begin, int64_t end, float* total, int64_t width, const Work& work) {
  std::vector<float> some(width);
  for (int64_t row = begin; row < end; row += 64) {
    std::fill(some.begin(), some.end(), 0.0f);
    work(row, std::min(row + 64, end), some.data());
    for (int64_t j = 0; j < width; ++j) total[j] += some[j];
  }
}

// Adds the rows of `sums` (one a part, each `width` long) into `total`, in their order.
inline void addParts(const std::vector<float>& sums, float* total, int64_t width) {
  std::fill(total, total + width, 0.0f);
  for (size_t i = 0; i < sums.size(); ++i) total[i % width] += sums[i];
}

}  // namespace neverend
