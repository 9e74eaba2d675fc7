// The recurrence h_t = a_t h_{t-1} + x_t of complex numbers, whose parts are tensors of their own.
#include <cstring>
#include <vector>

#include <neverend/op.h>
#include <neverend/simd.h>

#include "scan.h"

namespace neverend {
namespace {

struct Parts {
  float *re, *im;
  Parts operator+(int64_t at) const { return {re + at, im + at}; }
};

// The parts that two of these tensors hold, of which the first is given.
Parts partsAt(const std::vector<Tensor>& tensors, int first) {
  return {tensors[first].floats(), tensors[first + 1].floats()};
}

// x where the complex a is not 0, else 0.
NEVEREND_INLINE float where(float x, float re, float im) {
  return re == 0.0f && im == 0.0f ? 0.0f : x;
}

// y = a h + x, without a h where a is 0
NEVEREND_VECTORISED void advance(float* __restrict yRe, float* __restrict yIm, Parts a, Parts h,
                                 Parts x, int64_t columns) {
  for (int64_t i = 0; i < columns; ++i) {
    const float re = a.re[i] * h.re[i] - a.im[i] * h.im[i];
    const float im = a.re[i] * h.im[i] + a.im[i] * h.re[i];
    yRe[i] = where(re, a.re[i], a.im[i]) + x.re[i];
    yIm[i] = where(im, a.re[i], a.im[i]) + x.im[i];
  }
}

// dh0 = conj(a) g, and 0 where a is 0
NEVEREND_VECTORISED void handBack(float* __restrict dh0Re, float* __restrict dh0Im, Parts a, Parts g,
                                  int64_t columns) {
  for (int64_t i = 0; i < columns; ++i) {
    const float re = a.re[i] * g.re[i] + a.im[i] * g.im[i];
    const float im = a.re[i] * g.im[i] - a.im[i] * g.re[i];
    dh0Re[i] = where(re, a.re[i], a.im[i]);
    dh0Im[i] = where(im, a.re[i], a.im[i]);
  }
}

// A part of da where a is 0: 0 where it is not finite.
NEVEREND_INLINE float slopeOf(float slope, float re, float im) {
  const float finite = isFinite(slope) ? slope : 0.0f;
  return re == 0.0f && im == 0.0f ? finite : slope;
}

// da = g conj(h)
NEVEREND_VECTORISED void slopes(float* __restrict daRe, float* __restrict daIm, Parts a, Parts g,
                                Parts h, int64_t columns) {
  for (int64_t i = 0; i < columns; ++i) {
    const float re = h.re[i] * g.re[i] + h.im[i] * g.im[i];
    const float im = h.re[i] * g.im[i] - h.im[i] * g.re[i];
    daRe[i] = slopeOf(re, a.re[i], a.im[i]);
    daIm[i] = slopeOf(im, a.re[i], a.im[i]);
  }
}

// g = conj(a) later + dy, of the a of the later step, and da = g conj(h), of the step's own.
NEVEREND_VECTORISED void retreat(float* __restrict gRe, float* __restrict gIm,
                                 float* __restrict daRe, float* __restrict daIm, Parts a, Parts own,
                                 Parts later, Parts dy, Parts h, int64_t columns) {
  for (int64_t i = 0; i < columns; ++i) {
    const float handedRe = a.re[i] * later.re[i] + a.im[i] * later.im[i];
    const float handedIm = a.re[i] * later.im[i] - a.im[i] * later.re[i];
    const float re = where(handedRe, a.re[i], a.im[i]) + dy.re[i];
    const float im = where(handedIm, a.re[i], a.im[i]) + dy.im[i];
    gRe[i] = re;
    gIm[i] = im;
    daRe[i] = slopeOf(h.re[i] * re + h.im[i] * im, own.re[i], own.im[i]);
    daIm[i] = slopeOf(h.re[i] * im - h.im[i] * re, own.re[i], own.im[i]);
  }
}

// The inputs of a run: those before `states` of one size, [outer, T, inner], and those from there on [outer, inner]. An
// input that is no such thing fails the run.
std::vector<Tensor> inputsOf(Run& run, int count, int states) {
  std::vector<Tensor> inputs = run.inputs(count);
  for (int index = 1; index < count && run.ok(); ++index) {
    const int like = index < states ? 0 : states;
    run.require(inputs[index].size() == inputs[like].size(), "real and imaginary parts must have one shape");
  }
  return inputs;
}

void complexScan(Run& run) {
  const std::vector<Tensor> inputs = inputsOf(run, 6, 4);
  if (!run.ok()) return;
  const ScanSizes sizes = scanSizes(run, inputs[2], inputs[4]);
  if (!run.ok()) return;
  std::vector<Tensor> outputs;
  for (int index = 0; index < 2 && run.ok(); ++index) {
    outputs.push_back(run.output(index, inputs[2].shape()));
  }
  if (!run.ok()) return;
  const Parts a = partsAt(inputs, 0), x = partsAt(inputs, 2), h0 = partsAt(inputs, 4);
  const Parts y = partsAt(outputs, 0);
  sizes.forStrips(6, [&](int64_t row, int64_t column, int64_t columns) {
    Parts h = h0 + (row * sizes.inner + column);
    int64_t at = sizes.first(row) + column;
    for (int64_t t = 0; t < sizes.length; ++t, at += sizes.next()) {
      advance(y.re + at, y.im + at, a + at, h, x + at, columns);
      h = y + at;
    }
  });
}

void complexScanGrad(Run& run) {
  const std::vector<Tensor> inputs = inputsOf(run, 8, 6);
  if (!run.ok()) return;
  const ScanSizes sizes = scanSizes(run, inputs[4], inputs[6]);
  if (!run.ok()) return;
  std::vector<Tensor> outputs;
  for (int index = 0; index < 6 && run.ok(); ++index) {
    outputs.push_back(run.output(index, inputs[index < 4 ? 4 : 6].shape()));
  }
  if (!run.ok()) return;
  const Parts dy = partsAt(inputs, 0), a = partsAt(inputs, 2), y = partsAt(inputs, 4);
  const Parts h0 = partsAt(inputs, 6);
  const Parts da = partsAt(outputs, 0), dx = partsAt(outputs, 2), dh0 = partsAt(outputs, 4);
  sizes.forStrips(10, [&](int64_t row, int64_t column, int64_t columns) {
    const int64_t state = row * sizes.inner + column;
    int64_t at = sizes.last(row) + column;
    int64_t left = sizes.length - 1;
    const auto before = [&] { return left == 0 ? h0 + state : y + (at - sizes.next()); };
    std::memcpy(dx.re + at, dy.re + at, columns * sizeof(float));
    std::memcpy(dx.im + at, dy.im + at, columns * sizeof(float));
    slopes(da.re + at, da.im + at, a + at, dx + at, before(), columns);
    while (left > 0) {
      const int64_t later = at;
      at -= sizes.next();
      --left;
      retreat(dx.re + at, dx.im + at, da.re + at, da.im + at, a + later, a + at, dx + later, dy + at,
              before(), columns);
    }
    handBack(dh0.re + state, dh0.im + state, a + at, dx + at, columns);
  });
}

const Ops ops = [] {
  const char *aRe = "a_re: float", *aIm = "a_im: float", *h0Re = "h0_re: float";
  const char *h0Im = "h0_im: float", *yRe = "y_re: float", *yIm = "y_im: float";
  return Ops{
      op<complexScan>("NeverendComplexScan", {aRe, aIm, "x_re: float", "x_im: float", h0Re, h0Im},
                      {yRe, yIm}, kScanAttributes),
      op<complexScanGrad>("NeverendComplexScanGrad",
                          {"dy_re: float", "dy_im: float", aRe, aIm, yRe, yIm, h0Re, h0Im},
                          {"da_re: float", "da_im: float", "dx_re: float", "dx_im: float",
                           "dh0_re: float", "dh0_im: float"},
                          kScanAttributes)};
}();

}  // namespace

}  // namespace neverend
