// What recurrences over the middle axis of [outer, T, inner] share. The states of a strip of columns are in a cache
// when the next step needs them: they have just been written. A strip is a whole row where that fits, so that memory is
// read and written from one end to the other. Threads share the columns of all outer rows, in runs that are worth a
// thread, so that one long wide sequence is split as well.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include <neverend/op.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

namespace neverend {

NEVEREND_INLINE bool isFinite(float x) { return __builtin_fabsf(x) <= 3.402823466e38f; }

// The attributes of every op here: the direction, and the numbers of tuning.ts.
const std::vector<const char*> kScanAttributes{"reverse: bool", "shortest_line: int", "strip: int"};

// Where a sequence's first and last step and a step's successor are, in the order of the recurrence.
struct ScanSizes {
  int64_t outer, length, inner;
  bool reverse;
  int64_t shortestLine, strip;

  int64_t next() const { return reverse ? -inner : inner; }
  int64_t first(int64_t row) const { return (row * length + (reverse ? length - 1 : 0)) * inner; }
  int64_t last(int64_t row) const { return (row * length + (reverse ? 0 : length - 1)) * inner; }

  // Calls work(row, column, columns) for strips that cover all columns of all rows once, `arrays` of whose numbers are
  // read and written, on all threads.
  template <typename Work>
  void forStrips(int arrays, const Work& work) const {
    // Strips are of equal width, a whole number of vectors.
    const int64_t most = std::max<int64_t>(1, inner / shortestLine);
    const int64_t width = ((inner + most - 1) / most + 15) / 16 * 16;
    const int64_t lines = (inner + width - 1) / width;
    const int64_t cost = arrays * outer * length * inner;
    parallel(outer * lines, cost, [&](int64_t begin, int64_t end, int) {
      for (int64_t line = begin; line < end;) {
        const int64_t column = line % lines * width;
        const int64_t together = std::min(end - line, std::max<int64_t>(1, strip / width));
        const int64_t columns = std::min(together * width, inner - column);
        work(line / lines, column, columns);
        line += (columns + width - 1) / width;
      }
    });
  }
};

// The sizes of x [outer, T, inner] and of a state [outer, inner]; a failure of the run where they do not fit.
inline ScanSizes scanSizes(Run& run, const Tensor& x, const Tensor& state) {
  run.require(x.rank() == 3, "a sequence must be [outer, T, inner]");
  if (!run.ok()) return {};
  run.require(x.size() > 0, "a sequence must not be empty");
  run.require(state.size() == x.dim(0) * x.dim(2), "h0 must be [outer, inner]");
  const auto whole = [&](const char* name) { return static_cast<int64_t>(run.attribute(name)); };
  return {x.dim(0), x.dim(1), x.dim(2), whole("reverse") != 0, whole("shortest_line"), whole("strip")};
}

}  // namespace neverend
