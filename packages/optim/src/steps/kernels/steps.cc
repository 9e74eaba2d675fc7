// One step of an optimiser: the new weight is an output, the slots of its state change in place. The last input holds
// the numbers of the step, in the order in which each rule reads them.
#include <cmath>
#include <vector>

#include <neverend/op.h>
#include <neverend/simd.h>
#include <neverend/threads.h>

namespace neverend {
namespace {

// A part of a weight and what belongs to it.
struct Part {
  const float* weight;
  const float* gradient;
  float* slots[2];
  float* output;
  int64_t size;
};

// decay, stepSize, epsilon, beta1, beta2, oneMinusBeta1, oneMinusBeta2; slots m and v.
NEVEREND_VECTORISED void adamW(const Part& part, const float* numbers) {
  const float decay = numbers[0], stepSize = numbers[1], epsilon = numbers[2];
  const float beta1 = numbers[3], beta2 = numbers[4];
  const float oneMinusBeta1 = numbers[5], oneMinusBeta2 = numbers[6];
  const float *__restrict w = part.weight, *__restrict gradient = part.gradient;
  float *__restrict m = part.slots[0], *__restrict v = part.slots[1], *__restrict y = part.output;
  for (int64_t i = 0; i < part.size; ++i) {
    const float g = gradient[i];
    const float mean = beta1 * m[i] + oneMinusBeta1 * g;
    const float square = beta2 * v[i] + oneMinusBeta2 * g * g;
    m[i] = mean;
    v[i] = square;
    y[i] = decay * w[i] - stepSize * mean / (std::sqrt(square) + epsilon);
  }
}

// decay, stepSize, beta1, beta2, oneMinusBeta1, oneMinusBeta2; slot m.
NEVEREND_VECTORISED void lion(const Part& part, const float* numbers) {
  const float decay = numbers[0], stepSize = numbers[1], beta1 = numbers[2], beta2 = numbers[3];
  const float oneMinusBeta1 = numbers[4], oneMinusBeta2 = numbers[5];
  const float *__restrict w = part.weight, *__restrict gradient = part.gradient;
  float *__restrict m = part.slots[0], *__restrict y = part.output;
  for (int64_t i = 0; i < part.size; ++i) {
    const float g = gradient[i];
    const float direction = beta1 * m[i] + oneMinusBeta1 * g;
    // What is neither above nor below 0 is 0 or NaN, and its own sign.
    const float down = direction < 0.0f ? -1.0f : direction;
    const float sign = direction > 0.0f ? 1.0f : down;
    m[i] = beta2 * m[i] + oneMinusBeta2 * g;
    y[i] = decay * w[i] - stepSize * sign;
  }
}

// decay, l2, stepSize; no slot.
NEVEREND_VECTORISED void sgd(const Part& part, const float* numbers) {
  const float decay = numbers[0], l2 = numbers[1], stepSize = numbers[2];
  const float *__restrict w = part.weight, *__restrict gradient = part.gradient;
  float* __restrict y = part.output;
  for (int64_t i = 0; i < part.size; ++i) {
    y[i] = decay * w[i] - stepSize * (gradient[i] + l2 * w[i]);
  }
}

// decay, l2, momentum, gradientScale, momentumScale; slot: the running sum.
NEVEREND_VECTORISED void sgdMomentum(const Part& part, const float* numbers) {
  const float decay = numbers[0], l2 = numbers[1], momentum = numbers[2];
  const float gradientScale = numbers[3], momentumScale = numbers[4];
  const float *__restrict w = part.weight, *__restrict gradient = part.gradient;
  float *__restrict u = part.slots[0], *__restrict y = part.output;
  for (int64_t i = 0; i < part.size; ++i) {
    const float g = gradient[i] + l2 * w[i];
    const float sum = momentum * u[i] + g;
    u[i] = sum;
    y[i] = decay * w[i] - (gradientScale * g + momentumScale * sum);
  }
}

using Rule = void (*)(const Part&, const float*);

void step(Run& run, Rule rule, int slotCount, int64_t numberCount) {
  const Tensor weight = run.input(0), gradient = run.input(1);
  std::vector<Tensor> slots;
  for (int slot = 0; slot < slotCount; ++slot) slots.push_back(run.input(2 + slot));
  const Tensor numbers = run.input(2 + slotCount);
  if (!run.ok()) return;
  run.require(gradient.size() == weight.size(), "gradient must have the shape of weight");
  for (const Tensor& slot : slots) {
    run.require(slot.size() == weight.size(), "slots must have the shape of weight");
  }
  run.require(numbers.size() == numberCount, "numbers must be those of the rule");
  if (!run.ok()) return;
  const Tensor output = run.output(0, weight.shape());
  if (!run.ok()) return;
  const int64_t size = weight.size();
  parallel(size, (3 + 2 * slotCount) * size, [&](int64_t begin, int64_t end, int) {
    Part part = {weight.floats() + begin, gradient.floats() + begin, {}, output.floats() + begin,
                 end - begin};
    for (int slot = 0; slot < slotCount; ++slot) part.slots[slot] = slots[slot].floats() + begin;
    rule(part, numbers.floats());
  });
}

void adamWStep(Run& run) { step(run, adamW, 2, 7); }
void lionStep(Run& run) { step(run, lion, 1, 6); }
void sgdStep(Run& run) { step(run, sgd, 0, 3); }
void sgdMomentumStep(Run& run) { step(run, sgdMomentum, 1, 5); }

const Ops ops = [] {
  const char *weight = "weight: float", *gradient = "gradient: float", *numbers = "numbers: float";
  const char* output = "output: float";
  return Ops{
      op<adamWStep>("NeverendAdamW", {weight, gradient, "m: float", "v: float", numbers}, {output},
                    {}, true),
      op<lionStep>("NeverendLion", {weight, gradient, "m: float", numbers}, {output}, {}, true),
      op<sgdStep>("NeverendSgd", {weight, gradient, numbers}, {output}),
      op<sgdMomentumStep>("NeverendSgdMomentum", {weight, gradient, "sum: float", numbers},
                          {output}, {}, true)};
}();

}  // namespace

}  // namespace neverend
