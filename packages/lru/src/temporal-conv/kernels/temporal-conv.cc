// The causal depthwise convolution over time, y_t = b + w_{K-1} x_t + … + w_0 x_{t-K+1}, of x [outer, K-1 + T, N, E] with
// w [K, E], b [E] and reset [outer, T]: no tap reaches over a step where reset is 1.
#include <algorithm>
#include <cstring>
#include <vector>

#include <neverend/op.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

namespace neverend {
namespace {

// Rows of floats in memory, each `stride` after the one before.
struct Rows {
  const float* first;
  int64_t stride;
};

template <int kTaps>
NEVEREND_INLINE void addProducts(float* __restrict y, const float* __restrict x, int64_t xStride,
                                 const float* __restrict w, int64_t wStride, int64_t columns) {
  for (int64_t j = 0; j < columns; ++j) {
    float sum = y[j];
    for (int tap = 0; tap < kTaps; ++tap) sum += w[tap * wStride + j] * x[tap * xStride + j];
    y[j] = sum;
  }
}

// y += w x, summed over the taps, four at a time.
NEVEREND_VECTORISED void addTaps(float* y, Rows x, Rows w, int64_t taps, int64_t columns) {
  for (; taps >= 4; taps -= 4, x.first += 4 * x.stride, w.first += 4 * w.stride) {
    addProducts<4>(y, x.first, x.stride, w.first, w.stride, columns);
  }
  if (taps == 3) addProducts<3>(y, x.first, x.stride, w.first, w.stride, columns);
  if (taps == 2) addProducts<2>(y, x.first, x.stride, w.first, w.stride, columns);
  if (taps == 1) addProducts<1>(y, x.first, x.stride, w.first, w.stride, columns);
}

// dw += dy x
NEVEREND_VECTORISED void addProduct(float* __restrict dw, const float* __restrict dy,
                                    const float* __restrict x, int64_t columns) {
  for (int64_t j = 0; j < columns; ++j) dw[j] += dy[j] * x[j];
}

NEVEREND_VECTORISED void addRow(float* __restrict total, const float* __restrict row,
                                int64_t columns) {
  for (int64_t j = 0; j < columns; ++j) total[j] += row[j];
}

struct ConvSizes {
  int64_t outer, steps, tokens, width, taps;
};

// A failure of the run where the inputs do not fit.
ConvSizes convSizes(Run& run, const Tensor& x, const Tensor& w, const Tensor& reset) {
  run.require(w.rank() == 2 && w.dim(0) > 0, "w must be [K, E]");
  run.require(reset.rank() == 2, "reset must be [outer, T]");
  run.require(x.rank() == 4, "x must be [outer, K-1 + T, N, E]");
  if (!run.ok()) return {};
  const ConvSizes sizes{reset.dim(0), reset.dim(1), x.dim(2), w.dim(1), w.dim(0)};
  run.require(x.dim(0) == sizes.outer && x.dim(1) == sizes.taps - 1 + sizes.steps &&
                  x.dim(3) == sizes.width,
              "x must be [outer, K-1 + T, N, E]");
  return sizes;
}

void temporalConv(Run& run) {
  const Tensor x = run.input(0), w = run.input(1), b = run.input(2), reset = run.input(3);
  if (!run.ok()) return;
  const ConvSizes sizes = convSizes(run, x, w, reset);
  run.require(b.size() == sizes.width, "b must be [E]");
  if (!run.ok()) return;
  const int64_t steps = sizes.steps, width = sizes.width, taps = sizes.taps;
  const int64_t inner = sizes.tokens * width;
  const Tensor y = run.output(0, {sizes.outer, steps, sizes.tokens, width});
  if (!run.ok()) return;
  parallel(sizes.outer * steps * sizes.tokens, 2 * y.size(), [&](int64_t begin, int64_t end, int) {
    for (int64_t at = begin; at < end; ++at) {
      const int64_t token = at % sizes.tokens, frame = at / sizes.tokens;
      const int64_t row = frame / steps, step = frame % steps;
      const float* resets = reset.floats() + row * steps;
      // The first step that is met: where a sequence begins, or as far back as the taps reach.
      int64_t from = step;
      while (from > step - (taps - 1) && (from < 0 || resets[from] == 0.0f)) --from;
      const int64_t met = step - from + 1;
      // In x, K-1 steps come before step 0.
      const int64_t first = row * (steps + taps - 1) + from + taps - 1;
      const float* source = x.floats() + first * inner + token * width;
      float* target = y.floats() + at * width;
      std::memcpy(target, b.floats(), width * sizeof(float));
      addTaps(target, {source, inner}, {w.floats() + (taps - met) * width, width}, met, width);
    }
  });
}

void temporalConvGrad(Run& run) {
  const Tensor dy = run.input(0), x = run.input(1), w = run.input(2), reset = run.input(3);
  if (!run.ok()) return;
  const ConvSizes sizes = convSizes(run, x, w, reset);
  if (!run.ok()) return;
  const int64_t steps = sizes.steps, width = sizes.width, taps = sizes.taps;
  const int64_t inner = sizes.tokens * width, length = steps + taps - 1;
  run.require(dy.size() == reset.size() * inner, "dy must be [outer, T, N, E]");
  if (!run.ok()) return;
  const Tensor dx = run.output(0, x.shape()), dw = run.output(1, w.shape());
  const Tensor db = run.output(2, {width});
  if (!run.ok()) return;
  // Each part sums dw, and db behind it, on its own, 64 rows at a time; the sums are added in order.
  const int64_t sumSize = (taps + 1) * width, cost = 4 * x.size();
  const int64_t rows = sizes.outer * length * sizes.tokens;
  const int parts = partCount(rows, cost);
  std::vector<float> sums(parts * sumSize);
  inParts(parts, rows, [&](int64_t begin, int64_t end, int part) {
    std::vector<float> some(sumSize);
    for (int64_t at = begin; at < end; ++at) {
      const int64_t token = at % sizes.tokens, frame = at / sizes.tokens;
      const int64_t row = frame / length, step = frame % length - (taps - 1);
      const float* resets = reset.floats() + row * steps;
      // The steps that meet this one: from itself on until a sequence begins or taps or steps end.
      const int64_t first = std::max<int64_t>(step, 0);
      int64_t last = std::max<int64_t>(step + 1, 0);
      while (last < std::min(step + taps, steps) && resets[last] == 0.0f) ++last;
      const float* slopes = dy.floats() + (row * steps + first) * inner + token * width;
      // The tap by which `first` meets this step; one less for each that follows.
      const int64_t tap = taps - 1 - (first - step);
      float* target = dx.floats() + at * width;
      const float* met = x.floats() + at * width;
      std::fill_n(target, width, 0.0f);
      addTaps(target, {slopes, inner}, {w.floats() + tap * width, -width}, last - first, width);
      for (int64_t i = 0; i < last - first; ++i) {
        addProduct(some.data() + (tap - i) * width, slopes + i * inner, met, width);
      }
      if (step >= 0) addRow(some.data() + taps * width, slopes, width);
      if ((at + 1 - begin) % 64 != 0 && at + 1 != end) continue;
      addRow(sums.data() + part * sumSize, some.data(), sumSize);
      std::fill(some.begin(), some.end(), 0.0f);
    }
  });
  std::vector<float> total(sumSize);
  addParts(sums, total.data(), sumSize);
  std::copy_n(total.data(), dw.size(), dw.floats());
  std::copy_n(total.data() + dw.size(), width, db.floats());
}

const Ops ops = [] {
  const char *x = "x: float", *w = "w: float", *reset = "reset: float";
  return Ops{op<temporalConv>("NeverendTemporalConv", {x, w, "b: float", reset}, {"y: float"}),
             op<temporalConvGrad>("NeverendTemporalConvGrad", {"dy: float", x, w, reset},
                                  {"dx: float", "dw: float", "db: float"})};
}();

}  // namespace

}  // namespace neverend
