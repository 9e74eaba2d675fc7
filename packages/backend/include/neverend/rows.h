// What the ops on rows of a table [N, D] share, which have numbers.
#pragma once

#include <string>

#include <neverend/op.h>

namespace neverend {

// Ends the run unless each number, in a list [K] or with rank 2 in [T, K], is a row of the table.
inline void requireRows(Run& run, const Tensor& table, const Tensor& numbers, int rank = 1) {
  run.require(numbers.rank() == rank, rank == 1 ? "indices must be [K]" : "indices must be [T, K]");
  if (!run.ok()) return;
  for (int64_t k = 0; k < numbers.size(); ++k) {
    const int64_t number = numbers.ints()[k];
    if (number >= 0 && number < table.dim(0)) continue;
    run.fail("indices[" + std::to_string(k) + "] was " + std::to_string(number) +
             "; it must be at least 0 and below the " + std::to_string(table.dim(0)) +
             " rows of table");
    return;
  }
}

constexpr char kTable[] = "table must be [N, D]";

}  // namespace neverend
