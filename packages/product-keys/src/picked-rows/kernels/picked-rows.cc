// Sums of rows of a table [N, D] with weights [T, K], and products of rows and vectors [T, D]. Rows lie anywhere in a table that no cache holds: each is
// asked for some picks before it is needed.
#include <vector>

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
  // All picks in the order in which they are gone through; null where that is sum by sum.
  const int32_t* sequence;
  int64_t sums, perSum, width;
};

// The pick at a place of the order.
NEVEREND_INLINE int64_t pickAt(const Picks& of, int64_t at) {
  return of.sequence == nullptr ? at : of.sequence[at];
}

// Asks for the row of a pick, if there is one.
NEVEREND_INLINE void prefetch(const Picks& of, int64_t at) {
#if defined(__GNUC__)
  if (at >= of.sums * of.perSum) return;
  const float* from = of.table + of.indices[pickAt(of, at)] * of.width;
  for (int64_t c = 0; c < of.width; c += kLine) __builtin_prefetch(from + c);
#endif
}

// The sums from `begin` up to `end`.
NEVEREND_VECTORISED void sumRows(const Picks& of, const float* weights, int64_t begin, int64_t end,
                                 float* y) {
  const int64_t width = of.width;
  for (int64_t c = begin * width; c < end * width; ++c) y[c] = 0;
  const int64_t first = of.sequence == nullptr ? begin * of.perSum : 0;
  const int64_t last = (of.sequence == nullptr ? end : of.sums) * of.perSum;
  for (int64_t at = first; at < last; ++at) {
    const int64_t pick = pickAt(of, at), sum = pick / of.perSum;
    if (sum < begin || sum >= end) continue;
    prefetch(of, at + kAhead);
    const float* __restrict row = of.table + of.indices[pick] * width;
    float* __restrict to = y + sum * width;
    const float weight = weights[pick];
    for (int64_t c = 0; c < width; ++c) to[c] += weight * row[c];
  }
}

// The products of the vectors from `begin` up to `end` and their rows.
NEVEREND_VECTORISED void multiplyRows(const Picks& of, const float* x, int64_t begin, int64_t end,
                                      float* products) {
  const int64_t width = of.width;
  const int64_t first = of.sequence == nullptr ? begin * of.perSum : 0;
  const int64_t last = (of.sequence == nullptr ? end : of.sums) * of.perSum;
  for (int64_t at = first; at < last; ++at) {
    const int64_t pick = pickAt(of, at), sum = pick / of.perSum;
    if (sum < begin || sum >= end) continue;
    prefetch(of, at + kAhead);
    const float* __restrict row = of.table + of.indices[pick] * width;
    const float* __restrict vector = x + sum * width;
    float product = 0;
#pragma omp simd reduction(+ : product)
    for (int64_t c = 0; c < width; ++c) product += vector[c] * row[c];
    products[pick] = product;
  }
}

// What both ops are told; an empty one where something is wrong.
Picks readPicks(Run& run, const Tensor& table, const Tensor& indices, const Tensor& sequence) {
  run.require(table.rank() == 2, kTable);
  requireRows(run, table, indices, 2);
  const bool sequenced = run.attribute("sequenced") != 0;
  run.require(!sequenced || sequence.size() == indices.size(), "sequence must have all picks");
  if (!run.ok()) return {};
  for (int64_t at = 0; sequenced && at < sequence.size(); ++at) {
    const int64_t pick = sequence.ints()[at];
    run.require(pick >= 0 && pick < indices.size(), "sequence must be of picks that there are");
  }
  return {table.floats(), indices.ints(),  sequenced ? sequence.ints() : nullptr,
          indices.dim(0), indices.dim(1), table.dim(1)};
}

void weightedRows(Run& run) {
  const std::vector<Tensor> inputs = run.inputs(4);
  if (!run.ok()) return;
  const Tensor &table = inputs[0], &indices = inputs[1], &weights = inputs[2];
  const Picks of = readPicks(run, table, indices, inputs[3]);
  run.require(weights.size() == indices.size(), "weights must have the shape of indices");
  if (!run.ok()) return;
  const Tensor y = run.output(0, {of.sums, of.width});
  if (!run.ok()) return;
  parallel(of.sums, 2 * indices.size() * of.width, [&](int64_t begin, int64_t end, int) {
    sumRows(of, weights.floats(), begin, end, y.floats());
  });
}

void rowProducts(Run& run) {
  const std::vector<Tensor> inputs = run.inputs(4);
  if (!run.ok()) return;
  const Tensor &x = inputs[0], &table = inputs[1], &indices = inputs[2];
  const Picks of = readPicks(run, table, indices, inputs[3]);
  run.require(x.size() == of.sums * of.width, "x must be [T, D]");
  if (!run.ok()) return;
  const Tensor products = run.output(0, {of.sums, of.perSum});
  if (!run.ok()) return;
  parallel(of.sums, 2 * indices.size() * of.width, [&](int64_t begin, int64_t end, int) {
    multiplyRows(of, x.floats(), begin, end, products.floats());
  });
}

const Ops ops{op<weightedRows>("NeverendWeightedRows",
                               {"table: float", "indices: int32", "weights: float",
                                "sequence: int32"},
                               {"y: float"}, {"sequenced: bool"}),
              op<rowProducts>("NeverendRowProducts",
                              {"x: float", "table: float", "indices: int32", "sequence: int32"},
                              {"products: float"}, {"sequenced: bool"})};

}  // namespace

}  // namespace neverend
