// One step of an optimiser on some rows of a table [N, D] and their state, all in place. The last input holds the numbers
// of the step, in the order in which each rule reads them.
#include <cmath>
#include <vector>

#include <neverend/op.h>
#include <neverend/rows.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

namespace neverend {
namespace {

// A row, its gradient, and what its slots have for it.
struct Row {
  float* weights;
  const float* gradient;
  float* slots[3];
  int64_t width;
};

// decay, stepSize; no slot.
NEVEREND_VECTORISED void sgd(const Row& row, const float* numbers) {
  const float decay = numbers[0], stepSize = numbers[1];
  const float* __restrict gradient = row.gradient;
  float* __restrict w = row.weights;
  for (int64_t i = 0; i < row.width; ++i) w[i] = decay * w[i] - stepSize * gradient[i];
}

// decay, stepSize, epsilon; slot: a sum for each element.
NEVEREND_VECTORISED void adagrad(const Row& row, const float* numbers) {
  const float decay = numbers[0], stepSize = numbers[1], epsilon = numbers[2];
  const float* __restrict gradient = row.gradient;
  float *__restrict w = row.weights, *__restrict sums = row.slots[0];
  for (int64_t i = 0; i < row.width; ++i) {
    const float g = gradient[i], sum = sums[i] + g * g;
    sums[i] = sum;
    w[i] = decay * w[i] - stepSize * g / (std::sqrt(sum) + epsilon);
  }
}

// The same; slot: one sum.
NEVEREND_VECTORISED void rowWiseAdagrad(const Row& row, const float* numbers) {
  const float decay = numbers[0], stepSize = numbers[1], epsilon = numbers[2];
  const float* __restrict gradient = row.gradient;
  float* __restrict w = row.weights;
  float squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t i = 0; i < row.width; ++i) squares += gradient[i] * gradient[i];
  const float sum = *row.slots[0] + squares / static_cast<float>(row.width);
  *row.slots[0] = sum;
  const float root = std::sqrt(sum) + epsilon;
  for (int64_t i = 0; i < row.width; ++i) w[i] = decay * w[i] - stepSize * gradient[i] / root;
}

// decay, stepSize, epsilon, beta1, beta2, oneMinusBeta1, oneMinusBeta2, step; slots m, v and last.
NEVEREND_VECTORISED void lazyAdam(const Row& row, const float* numbers) {
  const float decay = numbers[0], stepSize = numbers[1], epsilon = numbers[2];
  const float beta1 = numbers[3], beta2 = numbers[4];
  const float oneMinusBeta1 = numbers[5], oneMinusBeta2 = numbers[6];
  const float* __restrict gradient = row.gradient;
  float *__restrict w = row.weights, *__restrict m = row.slots[0], *__restrict v = row.slots[1];
  for (int64_t i = 0; i < row.width; ++i) {
    const float g = gradient[i];
    const float mean = beta1 * m[i] + oneMinusBeta1 * g;
    const float square = beta2 * v[i] + oneMinusBeta2 * g * g;
    m[i] = mean;
    v[i] = square;
    w[i] = decay * w[i] - stepSize * mean / (std::sqrt(square) + epsilon);
  }
  *row.slots[2] = numbers[7];
}

using Rule = void (*)(const Row&, const float*);

// How many rows ahead one is asked for, and the floats of a cache line.
constexpr int64_t kAhead = 2, kLine = 16;

void prefetch(const float* from, int64_t width) {
#if defined(__GNUC__)
  for (int64_t i = 0; i < width; i += kLine) __builtin_prefetch(from + i, 1);
#endif
}

// `perRow` is the number of the slot that has one number a row; no other has.
void step(Run& run, Rule rule, int slotCount, int perRow, int64_t numberCount) {
  const Tensor gradient = run.input(0), indices = run.input(1), table = run.input(2);
  std::vector<Tensor> slots;
  for (int slot = 0; slot < slotCount; ++slot) slots.push_back(run.input(3 + slot));
  const Tensor numbers = run.input(3 + slotCount);
  if (!run.ok()) return;
  run.require(table.rank() == 2, kTable);
  requireRows(run, table, indices);
  if (!run.ok()) return;
  const int64_t width = table.dim(1), count = indices.size();
  run.require(gradient.size() == count * width, "gradient must be [U, D]");
  std::vector<int64_t> widths;
  for (int slot = 0; slot < slotCount; ++slot) {
    widths.push_back(slot == perRow ? 1 : width);
    run.require(slots[slot].size() == table.dim(0) * widths[slot], "slots must fit the table");
  }
  run.require(numbers.size() == numberCount, "numbers must be those of the rule");
  if (!run.ok()) return;
  parallel(count, (3 + 2 * slotCount) * count * width, [&](int64_t begin, int64_t end, int) {
    for (int64_t k = begin; k < end; ++k) {
      if (k + kAhead < end) {
        const int64_t next = indices.ints()[k + kAhead];
        prefetch(table.floats() + next * width, width);
        for (int slot = 0; slot < slotCount; ++slot) {
          prefetch(slots[slot].floats() + next * widths[slot], widths[slot]);
        }
      }
      const int64_t at = indices.ints()[k];
      Row row = {table.floats() + at * width, gradient.floats() + k * width, {}, width};
      for (int slot = 0; slot < slotCount; ++slot) {
        row.slots[slot] = slots[slot].floats() + at * widths[slot];
      }
      rule(row, numbers.floats());
    }
  });
}

void sgdStep(Run& run) { step(run, sgd, 0, -1, 2); }
void adagradStep(Run& run) { step(run, adagrad, 1, -1, 3); }
void rowWiseAdagradStep(Run& run) { step(run, rowWiseAdagrad, 1, 0, 3); }
void lazyAdamStep(Run& run) { step(run, lazyAdam, 3, 2, 8); }

const Ops ops = [] {
  const char *gradient = "gradient: float", *indices = "indices: int32", *weights = "weights: float";
  const char *sum = "sum: float", *numbers = "numbers: float";
  return Ops{op<sgdStep>("NeverendRowSgd", {gradient, indices, weights, numbers}, {}, {}, true),
             op<adagradStep>("NeverendRowAdagrad", {gradient, indices, weights, sum, numbers}, {},
                             {}, true),
             op<rowWiseAdagradStep>("NeverendRowWiseAdagrad",
                                    {gradient, indices, weights, sum, numbers}, {}, {}, true),
             op<lazyAdamStep>("NeverendLazyAdam",
                              {gradient, indices, weights, "m: float", "v: float", "last: float",
                               numbers},
                              {}, {}, true)};
}();

}  // namespace

}  // namespace neverend
