// Layer norm (Ba et al., 2016) over the last axis, with gain and offset: x [..., D], gain and offset [D]; mean and rstd (1 /
// standard deviation) [rows].
#include <algorithm>
#include <cmath>
#include <vector>

#include <neverend/op.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

#include "norm.h"

namespace neverend {
namespace {

NEVEREND_VECTORISED void layerForward(const float* __restrict x, const float* __restrict gain,
                                      const float* __restrict offset, float epsilon,
                                      float* __restrict y, float* __restrict means,
                                      float* __restrict rstds, int64_t rows, int64_t columns) {
  for (int64_t row = 0; row < rows; ++row, x += columns, y += columns) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < columns; ++j) sum += x[j];
    const float rounded = sum / columns;
    // The sum of a long row is rounded; what is left around its mean is small. Equal numbers are their own mean.
    float rest = 0;
#pragma omp simd reduction(+ : rest)
    for (int64_t j = 0; j < columns; ++j) rest += x[j] - rounded;
    const float mean = rounded + rest / columns;
    float squares = 0;
#pragma omp simd reduction(+ : squares)
    for (int64_t j = 0; j < columns; ++j) squares += (x[j] - mean) * (x[j] - mean);
    const float rstd = 1.0f / std::sqrt(squares / columns + epsilon);
    for (int64_t j = 0; j < columns; ++j) y[j] = (x[j] - mean) * rstd * gain[j] + offset[j];
    means[row] = mean;
    rstds[row] = rstd;
  }
}

// With h = (x - mean) rstd and g = dy gain: dx = rstd (g - mean(g) - h mean(g h)).
NEVEREND_VECTORISED void layerBackward(const float* __restrict dy, const float* __restrict x,
                                       const float* __restrict gain, const float* __restrict means,
                                       const float* __restrict rstds, float* __restrict dx,
                                       float* __restrict dgain, float* __restrict doffset,
                                       int64_t rows, int64_t columns) {
  for (int64_t row = 0; row < rows; ++row, dy += columns, x += columns, dx += columns) {
    const float mean = means[row], rstd = rstds[row];
    float sum = 0, product = 0;
#pragma omp simd reduction(+ : sum, product)
    for (int64_t j = 0; j < columns; ++j) {
      const float h = (x[j] - mean) * rstd, g = dy[j] * gain[j];
      sum += g;
      product += g * h;
      dgain[j] += dy[j] * h;
      doffset[j] += dy[j];
    }
    sum /= columns;
    product /= columns;
    for (int64_t j = 0; j < columns; ++j) {
      dx[j] = rstd * (dy[j] * gain[j] - sum - (x[j] - mean) * rstd * product);
    }
  }
}

void layerNorm(Run& run) {
  const Tensor x = run.input(0), gain = run.input(1), offset = run.input(2);
  if (!run.ok()) return;
  requireWidth(run, x, gain, kGain);
  requireWidth(run, x, offset, "offset must be [D] with the D of x's last axis");
  if (!run.ok()) return;
  const int64_t rows = x.rows(), columns = x.columns();
  const Tensor y = run.output(0, x.shape()), mean = run.output(1, {rows});
  const Tensor rstd = run.output(2, {rows});
  if (!run.ok()) return;
  const float epsilon = run.attribute("epsilon");
  parallel(rows, 2 * x.size(), [&](int64_t begin, int64_t end, int) {
    const int64_t at = begin * columns;
    layerForward(x.floats() + at, gain.floats(), offset.floats(), epsilon,
                 y.floats() + at, mean.floats() + begin, rstd.floats() + begin, end - begin,
                 columns);
  });
}

void layerNormGrad(Run& run) {
  const Tensor dy = run.input(0), x = run.input(1), gain = run.input(2);
  const Tensor mean = run.input(3), rstd = run.input(4);
  if (!run.ok()) return;
  const int64_t rows = x.rows(), columns = x.columns(), cost = 3 * x.size();
  run.require(dy.size() == x.size(), "dy must have the shape of x");
  run.require(mean.size() == rows && rstd.size() == rows, "mean and rstd must be [rows]");
  requireWidth(run, x, gain, kGain);
  if (!run.ok()) return;
  const Tensor dx = run.output(0, x.shape()), dgain = run.output(1, {columns});
  const Tensor doffset = run.output(2, {columns});
  if (!run.ok()) return;
  // The gain's sums, then the offset's.
  std::vector<float> totals(2 * columns);
  sumRows(rows, cost, totals.data(), 2 * columns, [&](int64_t begin, int64_t end, float* sums) {
    const int64_t at = begin * columns;
    layerBackward(dy.floats() + at, x.floats() + at, gain.floats(), mean.floats() + begin,
                  rstd.floats() + begin, dx.floats() + at, sums, sums + columns, end - begin,
                  columns);
  });
  std::copy_n(totals.data(), columns, dgain.floats());
  std::copy_n(totals.data() + columns, columns, doffset.floats());
}

const Ops ops = [] {
  const char *x = "x: float", *gain = "gain: float", *mean = "mean: float", *rstd = "rstd: float";
  return Ops{op<layerNorm>("NeverendLayerNorm", {x, gain, "offset: float"},
                           {"y: float", mean, rstd}, {"epsilon: float"}),
             op<layerNormGrad>("NeverendLayerNormGrad", {"dy: float", x, gain, mean, rstd},
                               {"dx: float", "dgain: float", "doffset: float"})};
}();

}  // namespace

}  // namespace neverend
