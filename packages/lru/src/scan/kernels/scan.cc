// The recurrence h_t = a_t h_{t-1} + x_t over the middle axis of [outer, T, inner].
#include <cstring>
#include <vector>

#include <neverend/op.h>
#include <neverend/simd.h>

#include "scan.h"

namespace neverend {
namespace {

// a h, and 0 where a is 0, also for an h that is not finite.
NEVEREND_INLINE float kept(float a, float h) {
  const float product = a * h;
  return a == 0.0f ? 0.0f : product;
}

// g h, and 0 where a is 0 and that is not finite.
NEVEREND_INLINE float slopeOf(float a, float g, float h) {
  const float product = g * h, finite = isFinite(product) ? product : 0.0f;
  return a == 0.0f ? finite : product;
}

// y = a h + x
NEVEREND_VECTORISED void advance(float* __restrict y, const float* __restrict a,
                                 const float* __restrict h, const float* __restrict x,
                                 int64_t columns) {
  for (int64_t i = 0; i < columns; ++i) y[i] = kept(a[i], h[i]) + x[i];
}

// g = a later + dy, of the a of the later step, and da = g h, of the step's own.
NEVEREND_VECTORISED void retreat(float* __restrict g, float* __restrict da,
                                 const float* __restrict a, const float* __restrict own,
                                 const float* __restrict later, const float* __restrict dy,
                                 const float* __restrict h, int64_t columns) {
  for (int64_t i = 0; i < columns; ++i) {
    const float sum = kept(a[i], later[i]) + dy[i];
    g[i] = sum;
    da[i] = slopeOf(own[i], sum, h[i]);
  }
}

// dh0 = a g
NEVEREND_VECTORISED void handBack(float* __restrict dh0, const float* __restrict a,
                                  const float* __restrict g, int64_t columns) {
  for (int64_t i = 0; i < columns; ++i) dh0[i] = kept(a[i], g[i]);
}

// da = g h
NEVEREND_VECTORISED void slopes(float* __restrict da, const float* __restrict a,
                                const float* __restrict g, const float* __restrict h,
                                int64_t columns) {
  for (int64_t i = 0; i < columns; ++i) da[i] = slopeOf(a[i], g[i], h[i]);
}

void linearScan(Run& run) {
  const Tensor a = run.input(0), x = run.input(1), h0 = run.input(2);
  if (!run.ok()) return;
  const ScanSizes sizes = scanSizes(run, x, h0);
  run.require(a.size() == x.size(), "a must have the shape of x");
  if (!run.ok()) return;
  const Tensor y = run.output(0, x.shape());
  if (!run.ok()) return;
  sizes.forStrips(3, [&](int64_t row, int64_t column, int64_t columns) {
    const float* h = h0.floats() + row * sizes.inner + column;
    int64_t at = sizes.first(row) + column;
    for (int64_t t = 0; t < sizes.length; ++t, at += sizes.next()) {
      advance(y.floats() + at, a.floats() + at, h, x.floats() + at, columns);
      h = y.floats() + at;
    }
  });
}

void linearScanGrad(Run& run) {
  const Tensor dy = run.input(0), a = run.input(1), y = run.input(2), h0 = run.input(3);
  if (!run.ok()) return;
  const ScanSizes sizes = scanSizes(run, y, h0);
  run.require(dy.size() == y.size(), "dy must have the shape of y");
  run.require(a.size() == y.size(), "a must have the shape of y");
  if (!run.ok()) return;
  const Tensor da = run.output(0, y.shape()), dx = run.output(1, y.shape());
  const Tensor dh0 = run.output(2, h0.shape());
  if (!run.ok()) return;
  sizes.forStrips(5, [&](int64_t row, int64_t column, int64_t columns) {
    const int64_t state = row * sizes.inner + column;
    int64_t at = sizes.last(row) + column;
    int64_t left = sizes.length - 1;
    const auto before = [&] {
      return left == 0 ? h0.floats() + state : y.floats() + at - sizes.next();
    };
    std::memcpy(dx.floats() + at, dy.floats() + at, columns * sizeof(float));
    slopes(da.floats() + at, a.floats() + at, dx.floats() + at, before(), columns);
    while (left > 0) {
      const int64_t later = at;
      at -= sizes.next();
      --left;
      retreat(dx.floats() + at, da.floats() + at, a.floats() + later, a.floats() + at,
              dx.floats() + later, dy.floats() + at, before(), columns);
    }
    handBack(dh0.floats() + state, a.floats() + at, dx.floats() + at, columns);
  });
}

const Ops ops = [] {
  const char *a = "a: float", *h0 = "h0: float", *y = "y: float";
  return Ops{op<linearScan>("NeverendLinearScan", {a, "x: float", h0}, {y}, kScanAttributes),
             op<linearScanGrad>("NeverendLinearScanGrad", {"dy: float", a, y, h0},
                                {"da: float", "dx: float", "dh0: float"}, kScanAttributes)};
}();

}  // namespace

}  // namespace neverend
