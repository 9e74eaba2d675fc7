// The gradient of a table [N, D] by its picks [T, K]: factors [T, K] times sources [T, D].
#include <cstring>

#include <neverend/op.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

namespace neverend {
namespace {

struct Picks {
  const int32_t* indices;
  const float *factors, *sources;
  int64_t count, perSource, width;
};

// Adds what falls into the rows from `begin` up to `end`, in the order of the picks.
NEVEREND_VECTORISED void addPicks(const Picks& of, int64_t begin, int64_t end, float* gradient) {
  for (int64_t source = 0; source < of.count; ++source) {
    const float* __restrict from = of.sources + source * of.width;
    for (int64_t pick = source * of.perSource; pick < (source + 1) * of.perSource; ++pick) {
      const int64_t row = of.indices[pick];
      if (row < begin || row >= end) continue;
      float* __restrict to = gradient + row * of.width;
      const float factor = of.factors[pick];
      for (int64_t c = 0; c < of.width; ++c) to[c] += factor * from[c];
    }
  }
}

// Each thread owns a range of the table: the same sums on any number of threads.
void tableGrad(Run& run) {
  const int64_t rows = run.attribute("rows");
  const Tensor indices = run.input(0), factors = run.input(1), sources = run.input(2);
  if (!run.ok()) return;
  run.require(indices.rank() == 2 && factors.size() == indices.size(),
              "indices and factors must be [T, K]");
  run.require(sources.rank() == 2 && sources.dim(0) == indices.dim(0), "sources must be [T, D]");
  if (!run.ok()) return;
  for (int64_t pick = 0; pick < indices.size(); ++pick) {
    const int64_t row = indices.ints()[pick];
    run.require(row >= 0 && row < rows, "indices must be of rows that there are");
  }
  if (!run.ok()) return;
  const int64_t width = sources.dim(1);
  const Tensor gradient = run.output(0, {rows, width});
  if (!run.ok()) return;
  const Picks of = {indices.ints(),  factors.floats(), sources.floats(),
                    sources.dim(0), indices.dim(1),   width};
  parallel(rows, rows * width + 3 * indices.size() * width, [&](int64_t begin, int64_t end, int) {
    std::memset(gradient.floats() + begin * width, 0, (end - begin) * width * sizeof(float));
    addPicks(of, begin, end, gradient.floats());
  });
}

const Ops ops{op<tableGrad>("NeverendTableGrad",
                            {"indices: int32", "factors: float", "sources: float"},
                            {"gradient: float"}, {"rows: int"})};

}  // namespace

}  // namespace neverend
