// Rows of a table [N, D] by their numbers [K].
#include <cstring>

#include <neverend/op.h>
#include <neverend/rows.h>
#include <neverend/threads.h>

namespace neverend {
namespace {

void gatherRows(Run& run) {
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

const Ops ops{
    op<gatherRows>("NeverendGatherRows", {"table: float", "indices: int32"}, {"rows: float"})};

}  // namespace

}  // namespace neverend
