// Rows that are added to those of a table [N, D] by their numbers [K], in place.
#include <neverend/op.h>
#include <neverend/rows.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

namespace neverend {
namespace {

NEVEREND_VECTORISED void addRow(float* __restrict target, const float* __restrict row,
                                int64_t columns) {
  for (int64_t j = 0; j < columns; ++j) target[j] += row[j];
}

// Each thread owns a range of the table and adds what falls into it, in the order of the indices: the same sums on
// any number of threads.
void scatterAddRows(Run& run) {
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

const Ops ops{op<scatterAddRows>("NeverendScatterAddRows",
                                 {"table: float", "indices: int32", "rows: float"}, {}, {}, true)};

}  // namespace

}  // namespace neverend
