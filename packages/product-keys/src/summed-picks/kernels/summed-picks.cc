// Sums of multiples of sources: the gradients of rows that were picked. A row's picks are summed in their order, by one thread.
#include <neverend/op.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

namespace neverend {
namespace {

struct Sums {
  const float *factors, *sources;
  const int32_t *picks, *starts;
  int64_t perSource, width;
  float* y;
};

NEVEREND_VECTORISED void sumPicks(const Sums& of, int64_t begin, int64_t end) {
  const int64_t width = of.width;
  for (int64_t row = begin; row < end; ++row) {
    float* __restrict to = of.y + row * width;
    for (int64_t c = 0; c < width; ++c) to[c] = 0;
    for (int64_t at = of.starts[row]; at < of.starts[row + 1]; ++at) {
      const int64_t pick = of.picks[at];
      const float* __restrict source = of.sources + pick / of.perSource * width;
      const float factor = of.factors[pick];
      for (int64_t c = 0; c < width; ++c) to[c] += factor * source[c];
    }
  }
}

void summedPicks(Run& run) {
  const Tensor factors = run.input(0), sources = run.input(1);
  const Tensor picks = run.input(2), starts = run.input(3);
  if (!run.ok()) return;
  run.require(factors.rank() == 2 && sources.rank() == 2 && factors.dim(0) == sources.dim(0),
              "factors must be [T, K] and sources [T, D]");
  run.require(picks.size() == factors.size() && starts.size() > 0,
              "picks must be [T K] and starts [U + 1]");
  if (!run.ok()) return;
  const int64_t rows = starts.size() - 1;
  bool known = true;
  for (int64_t at = 0; at < picks.size(); ++at) {
    known &= picks.ints()[at] >= 0 && picks.ints()[at] < picks.size();
  }
  for (int64_t row = 0; row < rows; ++row) known &= starts.ints()[row] <= starts.ints()[row + 1];
  run.require(known && starts.ints()[0] == 0 && starts.ints()[rows] == picks.size(),
              "picks and starts must name each pick once");
  if (!run.ok()) return;
  const Tensor y = run.output(0, {rows, sources.dim(1)});
  if (!run.ok()) return;
  const Sums of = {factors.floats(), sources.floats(), picks.ints(), starts.ints(),
                   factors.dim(1),   sources.dim(1),   y.floats()};
  parallel(rows, 2 * picks.size() * of.width,
           [&](int64_t begin, int64_t end, int) { sumPicks(of, begin, end); });
}

const Ops ops{op<summedPicks>(
    "NeverendSummedPicks", {"factors: float", "sources: float", "picks: int32", "starts: int32"},
    {"y: float"})};

}  // namespace

}  // namespace neverend
