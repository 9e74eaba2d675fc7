// What is between the linear layers of a recurrent block (De et al., 2024): the causal convolution over time of x, the RG-LRU, and
// the product with gate. x and gate [outer, T, N, E] or [outer, T, E]; w [K, E], b [E]; the gates' weights [H, E/H, E/H], packed
// before, and biases [H, E/H]; the last steps before, conv [outer, K-1, N, E], and state [outer, N, E]; reset [outer, T], 1 where a sequence begins.
#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include <neverend/op.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

#include "../../rg-lru-gates/kernels/gates.h"

namespace neverend {
namespace {

struct Recurrence {
  const float *x, *gate, *w, *b, *packed, *decay, *inputB, *recurrenceB, *conv, *state, *reset;
  float *y, *stateAfter, *convAfter;
  int64_t outer, steps, tokens, width, taps, heads;
  bool hasState, hasResets;

  int64_t rows() const { return outer * tokens; }
  int64_t size() const { return width / heads; }
  // Where a row's numbers at a step of x are.
  int64_t place(int64_t row, int64_t step) const {
    return ((row / tokens * steps + step) * tokens + row % tokens) * width;
  }
  // The same at a step of the convolution's state.
  int64_t convPlace(int64_t row, int64_t step) const {
    return ((row / tokens * (taps - 1) + step) * tokens + row % tokens) * width;
  }
  // A row's numbers from a channel on at a step, which may be one before this call; null where there was none.
  const float* stepAt(int64_t row, int64_t step, int64_t channel) const {
    if (step >= 0) return x + place(row, step) + channel;
    return hasState ? conv + convPlace(row, taps - 1 + step) + channel : nullptr;
  }
  bool begins(int64_t row, int64_t step) const {
    if (step < 0) return false;
    return hasResets ? reset[row / tokens * steps + step] != 0.0f : step == 0 && !hasState;
  }
};

// The same functions for each generation of vector instructions.
struct Version {
  int64_t tileRows;
  int64_t (*packedSize)(const Recurrence&);
  void (*packHeads)(const Recurrence&, const float*, const float*, int64_t, int64_t, float*);
  int64_t (*scratchSize)(const Recurrence&);
  void (*recurrencePart)(const Recurrence&, int64_t, int64_t, float*);
};

#define NEVEREND_VERSION \
  constexpr Version kVersion = {kTileRows, packedSize, packHeads, scratchSize, recurrencePart};

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#if NEVEREND_X86_LEVEL >= 4
#define NEVEREND_HAS_LEVEL_4
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v4,prefer-vector-width=512")
namespace level4 {
#define NEVEREND_LANES 16
#define NEVEREND_TILE_ROWS 12
#include <neverend/packed-product.h>
#include "recurrence-part.h"
#undef NEVEREND_LANES
#undef NEVEREND_TILE_ROWS
NEVEREND_VERSION
}  // namespace level4
#pragma GCC pop_options
#endif
#if NEVEREND_X86_LEVEL >= 3
#define NEVEREND_HAS_LEVEL_3
#pragma GCC push_options
#pragma GCC target("arch=x86-64-v3")
namespace level3 {
#define NEVEREND_LANES 8
#define NEVEREND_TILE_ROWS 6
#include <neverend/packed-product.h>
#include "recurrence-part.h"
#undef NEVEREND_LANES
#undef NEVEREND_TILE_ROWS
NEVEREND_VERSION
}  // namespace level3
#pragma GCC pop_options
#endif
#endif
namespace baseline {
#define NEVEREND_LANES 4
#define NEVEREND_TILE_ROWS 6
#include <neverend/packed-product.h>
#include "recurrence-part.h"
NEVEREND_VERSION
}  // namespace baseline

const Version& version() {
#ifdef NEVEREND_HAS_LEVEL_4
  if (__builtin_cpu_supports("x86-64-v4")) return level4::kVersion;
#endif
#ifdef NEVEREND_HAS_LEVEL_3
  if (__builtin_cpu_supports("x86-64-v3")) return level3::kVersion;
#endif
  return baseline::kVersion;
}

// Cost of a multiplication and addition, in floats read and written, for `parallel`.
constexpr int64_t kProductsPerFloat = 32;

// The weights of both gates as `gatedRecurrence` wants them, and behind them -8 softplus(a_param).
void packGates(Run& run) {
  const Tensor inputW = run.input(0), recurrenceW = run.input(1), aParam = run.input(2);
  if (!run.ok()) return;
  Recurrence of = {};
  of.width = aParam.size(), of.heads = inputW.rank() == 3 ? inputW.dim(0) : 0;
  run.require(of.heads > 0 && of.width % of.heads == 0 && inputW.size() == of.width * of.size() &&
                  recurrenceW.size() == inputW.size(),
              "both gates' weights must be [H, E/H, E/H], and a_param [E]");
  if (!run.ok()) return;
  const int64_t size = version().packedSize(of);
  const Tensor packed = run.output(0, {size + of.width});
  if (!run.ok()) return;
  parallel(of.heads, 4 * inputW.size(), [&](int64_t begin, int64_t end, int) {
    version().packHeads(of, inputW.floats(), recurrenceW.floats(), begin, end, packed.floats());
  });
  for (int64_t j = 0; j < of.width; ++j) {
    const double a = aParam.floats()[j];
    const double softplus = a > 0 ? a + std::log1p(std::exp(-a)) : std::log1p(std::exp(a));
    packed.floats()[size + j] = static_cast<float>(-8 * softplus);
  }
}

void gatedRecurrence(Run& run) {
  const Tensor x = run.input(0), gate = run.input(1), w = run.input(2), b = run.input(3);
  const Tensor packed = run.input(4), inputB = run.input(5), recurrenceB = run.input(6);
  const Tensor conv = run.input(7), state = run.input(8), reset = run.input(9);
  if (!run.ok()) return;
  run.require(x.rank() == 3 || x.rank() == 4, "x must be [outer, T, E] or [outer, T, N, E]");
  run.require(w.rank() == 2, "w must be [K, E]");
  run.require(inputB.rank() == 2, "the gates' biases must be [H, E/H]");
  if (!run.ok()) return;
  Recurrence of = {};
  of.outer = x.dim(0), of.steps = x.dim(1), of.tokens = x.rank() == 4 ? x.dim(2) : 1;
  of.width = x.columns(), of.taps = w.dim(0), of.heads = inputB.dim(0);
  of.hasState = run.attribute("has_state") != 0;
  of.hasResets = run.attribute("has_resets") != 0;
  run.require(x.size() > 0 && of.taps > 1, "x must not be empty, and w have two taps");
  run.require(gate.size() == x.size(), "gate must have the shape of x");
  run.require(w.dim(1) == of.width && b.size() == of.width, "w must be [K, E] and b [E]");
  run.require(inputB.size() == of.width && recurrenceB.size() == of.width,
              "the gates' biases must be [H, E/H]");
  if (!run.ok()) return;
  const int64_t packedSize = version().packedSize(of), frame = of.rows() * of.width;
  run.require(packed.size() == packedSize + of.width, "the gates' weights must be packed");
  run.require(!of.hasState || (state.size() == frame && conv.size() == (of.taps - 1) * frame),
              "state must be [outer, N, E] and conv [outer, K-1, N, E]");
  run.require(!of.hasResets || reset.size() == of.outer * of.steps, "reset must be [outer, T]");
  if (!run.ok()) return;
  std::vector<int64_t> stateShape = x.shape(), convShape = x.shape();
  stateShape.erase(stateShape.begin() + 1);
  convShape[1] = of.taps - 1;
  const Tensor y = run.output(0, x.shape()), stateAfter = run.output(1, stateShape);
  const Tensor convAfter = run.output(2, convShape);
  if (!run.ok()) return;
  of.x = x.floats(), of.gate = gate.floats(), of.w = w.floats(), of.b = b.floats();
  of.packed = packed.floats(), of.decay = packed.floats() + packedSize;
  of.inputB = inputB.floats(), of.recurrenceB = recurrenceB.floats();
  of.conv = conv.floats(), of.state = state.floats(), of.reset = reset.floats();
  of.y = y.floats(), of.stateAfter = stateAfter.floats(), of.convAfter = convAfter.floats();
  const int64_t tiles = (of.rows() + version().tileRows - 1) / version().tileRows;
  const int64_t cost = x.size() * (16 + 2 * of.size() / kProductsPerFloat);
  parallel(of.heads * tiles, cost, [&](int64_t begin, int64_t end, int) {
    const std::unique_ptr<float[]> scratch(new float[version().scratchSize(of)]);
    version().recurrencePart(of, begin, end, scratch.get());
  });
}

const Ops ops{
    op<packGates>("NeverendPackGates", {"input_w: float", "recurrence_w: float", "a_param: float"},
                  {"packed: float"}),
    // What an attribute says is not there is not looked at.
    op<gatedRecurrence>(
        "NeverendGatedRecurrence",
        {"x: float", "gate: float", "w: float", "b: float", "packed: float", "input_b: float",
         "recurrence_b: float", "conv: float", "state: float", "reset: float"},
        {"y: float", "state_after: float", "conv_after: float"},
        {"has_state: bool", "has_resets: bool"})};

}  // namespace

}  // namespace neverend
