// Softmax over the last axis: [..., D].
#include <algorithm>

#include <neverend/op.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

namespace neverend {
namespace {

NEVEREND_INLINE float largestOf(const float* x, int64_t count) {
  float largest = x[0];
#pragma omp simd reduction(max : largest)
  for (int64_t j = 0; j < count; ++j) largest = x[j] > largest ? x[j] : largest;
  return largest;
}

// y = e^(x - largest) and the sum of all but the first `skip`.
NEVEREND_INLINE float exponentials(const float* __restrict x, float* __restrict y, float largest,
                                   int64_t count, int64_t skip) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < count; ++j) {
    y[j] = exponential(x[j] - largest);
    sum += j < skip ? 0.0f : y[j];
  }
  return sum;
}

// Of a row that is no multiple of a vector the last vector goes back over numbers that are done: one by one the rest would take as
// long as several vectors.
constexpr int64_t kVector = 16;

NEVEREND_VECTORISED void forward(const float* __restrict x, float* __restrict y, int64_t rows,
                                 int64_t columns) {
  const int64_t rest = columns < kVector ? columns : columns % kVector;
  const int64_t whole = columns - rest;
  for (int64_t row = 0; row < rows; ++row, x += columns, y += columns) {
    float sum;
    if (whole == 0) {
      sum = exponentials(x, y, largestOf(x, columns), columns, 0);
    } else {
      const int64_t last = columns - kVector;
      const float top = std::max(largestOf(x, whole), largestOf(x + last, kVector));
      sum = exponentials(x, y, top, whole, 0);
      if (rest > 0) sum += exponentials(x + last, y + last, top, kVector, kVector - rest);
    }
    const float scale = 1.0f / sum;
    for (int64_t j = 0; j < columns; ++j) y[j] *= scale;
  }
}

// dx = y (dy - sum(dy y))
NEVEREND_VECTORISED void backward(const float* __restrict dy, const float* __restrict y,
                                  float* __restrict dx, int64_t rows, int64_t columns) {
  for (int64_t row = 0; row < rows; ++row, dy += columns, y += columns, dx += columns) {
    float sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < columns; ++j) sum += dy[j] * y[j];
    for (int64_t j = 0; j < columns; ++j) dx[j] = y[j] * (dy[j] - sum);
  }
}

void softmax(Run& run) {
  const Tensor x = run.input(0);
  if (!run.ok()) return;
  const Tensor y = run.output(0, x.shape());
  if (!run.ok() || x.size() == 0) return;
  const int64_t columns = x.columns();
  parallel(x.rows(), 2 * x.size(), [&](int64_t begin, int64_t end, int) {
    const int64_t at = begin * columns;
    forward(x.floats() + at, y.floats() + at, end - begin, columns);
  });
}

void softmaxGrad(Run& run) {
  const Tensor dy = run.input(0), y = run.input(1);
  if (!run.ok()) return;
  run.require(dy.size() == y.size(), "dy must have the shape of y");
  if (!run.ok()) return;
  const Tensor dx = run.output(0, y.shape());
  if (!run.ok() || y.size() == 0) return;
  const int64_t columns = y.columns();
  parallel(y.rows(), 3 * y.size(), [&](int64_t begin, int64_t end, int) {
    const int64_t at = begin * columns;
    backward(dy.floats() + at, y.floats() + at, dx.floats() + at, end - begin, columns);
  });
}

const Ops ops{op<softmax>("NeverendSoftmax", {"x: float"}, {"y: float"}),
              op<softmaxGrad>("NeverendSoftmaxGrad", {"dy: float", "y: float"}, {"dx: float"})};

}  // namespace

}  // namespace neverend
