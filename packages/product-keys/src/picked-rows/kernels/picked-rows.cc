// Sums of rows of a table [N, D] with weights [T, K], and products of rows and vectors [T, D]. Rows lie anywhere in a table that no cache holds: each is
// asked for some picks before it is needed.
#include <neverend/op.h>
#include <neverend/rows.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

namespace neverend {
namespace {

// How many picks ahead a row is asked for, and the floats of a cache line.
constexpr int64_t kAhead = 4, kLine = 16;

struct Picks {
  const float* table;
  const int32_t* indices;
  int64_t count, width;
};

// Asks for the row of a pick, if there is one.
NEVEREND_INLINE void prefetch(const Picks& of, int64_t pick) {
#if defined(__GNUC__)
  if (pick >= of.count) return;
  const float* from = of.table + of.indices[pick] * of.width;
  for (int64_t c = 0; c < of.width; c += kLine) __builtin_prefetch(from + c);
#endif
}

// The sums from `begin` up to `end`, of `picks` rows each.
NEVEREND_VECTORISED void sumRows(const Picks& of, const float* weights, int64_t picks,
                                 int64_t begin, int64_t end, float* y) {
  const int64_t width = of.width;
  for (int64_t sum = begin; sum < end; ++sum) {
    float* __restrict to = y + sum * width;
    for (int64_t c = 0; c < width; ++c) to[c] = 0;
    for (int64_t pick = sum * picks; pick < (sum + 1) * picks; ++pick) {
      prefetch(of, pick + kAhead);
      const float* __restrict row = of.table + of.indices[pick] * width;
      const float weight = weights[pick];
      for (int64_t c = 0; c < width; ++c) to[c] += weight * row[c];
    }
  }
}

// The products of the vectors from `begin` up to `end` and their rows.
NEVEREND_VECTORISED void multiplyRows(const Picks& of, const float* x, int64_t picks,
                                      int64_t begin, int64_t end, float* products) {
  const int64_t width = of.width;
  for (int64_t sum = begin; sum < end; ++sum) {
    const float* __restrict vector = x + sum * width;
    for (int64_t pick = sum * picks; pick < (sum + 1) * picks; ++pick) {
      prefetch(of, pick + kAhead);
      const float* __restrict row = of.table + of.indices[pick] * width;
      float product = 0;
#pragma omp simd reduction(+ : product)
      for (int64_t c = 0; c < width; ++c) product += vector[c] * row[c];
      products[pick] = product;
    }
  }
}

void weightedRows(Run& run) {
  const Tensor table = run.input(0), indices = run.input(1), weights = run.input(2);
  if (!run.ok()) return;
  run.require(table.rank() == 2, kTable);
  requireRows(run, table, indices, 2);
  if (!run.ok()) return;
  run.require(weights.size() == indices.size(), "weights must have the shape of indices");
  if (!run.ok()) return;
  const int64_t sums = indices.dim(0), picks = indices.dim(1), width = table.dim(1);
  const Tensor y = run.output(0, {sums, width});
  if (!run.ok()) return;
  const Picks of = {table.floats(), indices.ints(), indices.size(), width};
  parallel(sums, 2 * indices.size() * width, [&](int64_t begin, int64_t end, int) {
    sumRows(of, weights.floats(), picks, begin, end, y.floats());
  });
}

void rowProducts(Run& run) {
  const Tensor x = run.input(0), table = run.input(1), indices = run.input(2);
  if (!run.ok()) return;
  run.require(table.rank() == 2, kTable);
  requireRows(run, table, indices, 2);
  if (!run.ok()) return;
  const int64_t sums = indices.dim(0), picks = indices.dim(1), width = table.dim(1);
  run.require(x.size() == sums * width, "x must be [T, D]");
  if (!run.ok()) return;
  const Tensor products = run.output(0, {sums, picks});
  if (!run.ok()) return;
  const Picks of = {table.floats(), indices.ints(), indices.size(), width};
  parallel(sums, 2 * indices.size() * width, [&](int64_t begin, int64_t end, int) {
    multiplyRows(of, x.floats(), picks, begin, end, products.floats());
  });
}

const Ops ops{op<weightedRows>("NeverendWeightedRows",
                               {"table: float", "indices: int32", "weights: float"}, {"y: float"}),
              op<rowProducts>("NeverendRowProducts",
                                   {"x: float", "table: float", "indices: int32"},
                                   {"products: float"})};

}  // namespace

}  // namespace neverend
