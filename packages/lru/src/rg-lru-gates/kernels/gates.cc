// The gates of the RG-LRU over x and, before their sigmoids, inputGate and recurrenceGate [M, N, E], with
// decay [E], which is -8 softplus(a_param), and reset [M], 1 where a sequence begins and 0 elsewhere:
// a = exp(sigmoid(recurrenceGate) decay), and gamma sigmoid(inputGate) x with gamma the
// root of 1 - a^2. Where a sequence begins, a is 0 and gamma 1.
#include <algorithm>
#include <cmath>
#include <vector>

#include <neverend/op.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

#include "gates.h"

namespace neverend {
namespace {

NEVEREND_VECTORISED void forwardRow(float* __restrict a, float* __restrict gated,
                                    const float* __restrict x, const float* __restrict inputGate,
                                    const float* __restrict recurrenceGate,
                                    const float* __restrict decay, float going, int64_t columns) {
  for (int64_t j = 0; j < columns; ++j) {
    const float logA = sigmoid(recurrenceGate[j]) * decay[j];
    const float gamma = gammaOf(oneMinusExp(2.0f * logA), going);
    a[j] = exponential(logA);
    gated[j] = gamma * sigmoid(inputGate[j]) * x[j];
  }
  // Not a product, which would keep what is not finite.
  if (going == 0.0f) std::fill(a, a + columns, 0.0f);
}

NEVEREND_VECTORISED void backwardRow(float* __restrict dx, float* __restrict dInputGate,
                                     float* __restrict dRecurrenceGate, float* __restrict dDecay,
                                     const float* __restrict x, const float* __restrict inputGate,
                                     const float* __restrict recurrenceGate,
                                     const float* __restrict decay, const float* __restrict da,
                                     const float* __restrict dGated, float going, int64_t columns) {
  for (int64_t j = 0; j < columns; ++j) {
    const float gateR = sigmoid(recurrenceGate[j]);
    const float gateI = sigmoid(inputGate[j]);
    const float a = exponential(gateR * decay[j]);
    const float radicand = oneMinusExp(2.0f * gateR * decay[j]);
    const float back = dGated[j] * gateI;
    const float here = back * gammaOf(radicand, going);
    dx[j] = here;
    dInputGate[j] = here * x[j] * (1.0f - gateI);
    // The slope of the root is at most 1000.
    const float slope = back * x[j] * a / std::sqrt(radicand < 2.5e-7f ? 2.5e-7f : radicand);
    const float part = a * going * (da[j] - slope) * gateR;
    dRecurrenceGate[j] = part * (1.0f - gateR) * decay[j];
    dDecay[j] += part;
  }
}

// N; a failure of the run where x, inputGate, recurrenceGate, decay and reset do not fit.
int64_t tokensOf(Run& run, const Tensor* inputs) {
  const Tensor& x = inputs[0];
  run.require(x.rank() == 3 && x.size() > 0, "x must be [M, N, E], and not empty");
  if (!run.ok()) return 1;
  run.require(inputs[1].size() == x.size() && inputs[2].size() == x.size(),
              "both gates must have the shape of x");
  run.require(inputs[3].size() == x.columns(), "decay must be [E]");
  run.require(inputs[4].size() == x.dim(0), "reset must be [M]");
  return x.dim(1);
}

void gates(Run& run) {
  const Tensor inputs[] = {run.input(0), run.input(1), run.input(2), run.input(3), run.input(4)};
  if (!run.ok()) return;
  const int64_t tokens = tokensOf(run, inputs);
  if (!run.ok()) return;
  const Tensor &x = inputs[0], &inputGate = inputs[1], &recurrenceGate = inputs[2];
  const Tensor &decay = inputs[3], &reset = inputs[4];
  const Tensor a = run.output(0, x.shape()), gated = run.output(1, x.shape());
  if (!run.ok()) return;
  const int64_t width = x.columns();
  parallel(x.rows(), 5 * x.size(), [&](int64_t begin, int64_t end, int) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t at = row * width;
      forwardRow(a.floats() + at, gated.floats() + at, x.floats() + at, inputGate.floats() + at,
                 recurrenceGate.floats() + at, decay.floats(), 1.0f - reset.floats()[row / tokens],
                 width);
    }
  });
}

void gatesGrad(Run& run) {
  const Tensor inputs[] = {run.input(0), run.input(1), run.input(2), run.input(3), run.input(4)};
  const Tensor da = run.input(5), dGated = run.input(6);
  if (!run.ok()) return;
  const int64_t tokens = tokensOf(run, inputs);
  if (!run.ok()) return;
  const Tensor &x = inputs[0], &inputGate = inputs[1], &recurrenceGate = inputs[2];
  const Tensor &decay = inputs[3], &reset = inputs[4];
  run.require(da.size() == x.size() && dGated.size() == x.size(),
              "da and dGated must have the shape of x");
  if (!run.ok()) return;
  const Tensor dx = run.output(0, x.shape()), dInputGate = run.output(1, x.shape());
  const Tensor dRecurrenceGate = run.output(2, x.shape()), dDecay = run.output(3, decay.shape());
  if (!run.ok()) return;
  const int64_t width = x.columns(), cost = 8 * x.size();
  sumRows(x.rows(), cost, dDecay.floats(), width, [&](int64_t begin, int64_t end, float* sums) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t at = row * width;
      backwardRow(dx.floats() + at, dInputGate.floats() + at, dRecurrenceGate.floats() + at, sums,
                  x.floats() + at, inputGate.floats() + at, recurrenceGate.floats() + at,
                  decay.floats(), da.floats() + at, dGated.floats() + at,
                  1.0f - reset.floats()[row / tokens], width);
    }
  });
}

const Ops ops = [] {
  const char *x = "x: float", *inputGate = "input_gate: float";
  const char* recurrenceGate = "recurrence_gate: float";
  const char *decay = "decay: float", *reset = "reset: float";
  return Ops{op<gates>("NeverendRgLruGates", {x, inputGate, recurrenceGate, decay, reset},
                       {"a: float", "gated: float"}),
             op<gatesGrad>(
                 "NeverendRgLruGatesGrad",
                 {x, inputGate, recurrenceGate, decay, reset, "da: float", "dgated: float"},
                 {"dx: float", "dinput_gate: float", "drecurrence_gate: float", "ddecay: float"})};
}();

}  // namespace

}  // namespace neverend
