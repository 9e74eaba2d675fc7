// Rows of a table [N, D] by their numbers [K]: read, and added to or replaced in place.
#include <cstring>
#include <string>

#include "op.h"
#include "simd.h"
#include "threads.h"

namespace neverend {
namespace {

NEVEREND_VECTORISED void addRow(float* __restrict target, const float* __restrict row,
                                int64_t columns) {
  for (int64_t j = 0; j < columns; ++j) target[j] += row[j];
}

// Ends the run where a number is no row of the table.
void requireRows(Run& run, const Tensor& table, const Tensor& numbers) {
  run.require(numbers.rank() == 1, "indices must be [K]");
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

void gatherRows(void*, TF_OpKernelContext* context) {
  Run run(context);
  const Tensor table = run.input(0), numbers = run.input(1);
  if (!run.ok()) return;
  run.require(table.rank() == 2, kTable);
  requireRows(run, table, numbers);
  if (!run.ok()) return;
  const int64_t columns = table.dim(1), count = numbers.size();
  const Tensor rows = run.output(0, {count, columns});
  if (!run.ok()) return;
  parallel(count, 2 * count * columns, [&](int64_t begin, int64_t end, int) {
    for (int64_t k = begin; k < end; ++k) {
      std::memcpy(rows.floats() + k * columns, table.floats() + numbers.ints()[k] * columns,
                  columns * sizeof(float));
    }
  });
}

// Each thread owns a range of the table and adds what falls into it, in the order of the indices: the same sums on
// any number of threads.
void scatterAddRows(void*, TF_OpKernelContext* context) {
  Run run(context);
  const Tensor table = run.input(0), numbers = run.input(1), rows = run.input(2);
  if (!run.ok()) return;
  run.require(table.rank() == 2, kTable);
  requireRows(run, table, numbers);
  if (!run.ok()) return;
  const int64_t columns = table.dim(1), count = numbers.size();
  run.require(rows.rank() == 2 && rows.dim(0) == count && rows.dim(1) == columns,
              "rows must be [K, D]");
  if (!run.ok()) return;
  parallel(table.dim(0), 3 * count * columns, [&](int64_t begin, int64_t end, int) {
    for (int64_t k = 0; k < count; ++k) {
      const int64_t number = numbers.ints()[k];
      if (number < begin || number >= end) continue;
      addRow(table.floats() + number * columns, rows.floats() + k * columns, columns);
    }
  });
}

// table may be [N] or have more axes: all but the first make a row. No number may come twice.
void setRows(void*, TF_OpKernelContext* context) {
  Run run(context);
  const Tensor table = run.input(0), numbers = run.input(1), rows = run.input(2);
  if (!run.ok()) return;
  run.require(table.rank() > 0, "table must be [N, ...]");
  requireRows(run, table, numbers);
  if (!run.ok() || numbers.size() == 0) return;
  const int64_t columns = table.size() / table.dim(0), count = numbers.size();
  run.require(rows.size() == count * columns, "rows must be [K, ...]");
  if (!run.ok()) return;
  parallel(count, 2 * count * columns, [&](int64_t begin, int64_t end, int) {
    for (int64_t k = begin; k < end; ++k) {
      std::memcpy(table.floats() + numbers.ints()[k] * columns, rows.floats() + k * columns,
                  columns * sizeof(float));
    }
  });
}

}  // namespace

std::vector<Op> rowOps() {
  return {{"NeverendGatherRows", {"table: float", "indices: int32"}, {"rows: float"}, nullptr,
           noState, gatherRows, nothing},
          {"NeverendScatterAddRows", {"table: float", "indices: int32", "rows: float"}, {}, nullptr,
           noState, scatterAddRows, nothing, true},
          {"NeverendSetRows", {"table: float", "indices: int32", "rows: float"}, {}, nullptr,
           noState, setRows, nothing, true}};
}

}  // namespace neverend
