// Rows that replace those of a table by their numbers [K], in place.
#include <cstring>

#include <neverend/op.h>
#include <neverend/rows.h>
#include <neverend/threads.h>

namespace neverend {
namespace {

// table may be [N] or have more axes: all but the first make a row. No number may come twice.
void setRows(Run& run) {
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

const Ops ops{op<setRows>("NeverendSetRows", {"table: float", "indices: int32", "rows: float"}, {},
                          {}, true)};

}  // namespace

}  // namespace neverend
