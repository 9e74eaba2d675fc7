import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ClassificationAccumulator,
  classificationMetrics,
  predictedClass,
} from '../../src/metrics/index.ts';

const int32 = (...labels: number[]) => Int32Array.from(labels);
const rows = (...logits: number[][]) => Float32Array.from(logits.flat());

// Cross-entropies by NumPy in float64: logaddexp.reduce(row) - row[label], averaged over rows.
const goldens = [
  {
    labels: [0, 1, 0, 1, 1],
    logits: [
      [0.1, 0.9],
      [0.9, 0.1],
      [0.4, 0.6],
      [0.9, 0.1],
      [1000, 0],
    ],
    errors: 5,
    top5: null,
    crossEntropy: 200.862288173445,
  },
  {
    labels: [2],
    logits: [[0, 1, 5, 3]],
    errors: 0,
    top5: null,
    crossEntropy: 0.14875518094440032,
  },
  {
    labels: [0],
    logits: [[0, 5, 1, 3, 2, 4]],
    errors: 1,
    top5: 1,
    crossEntropy: 5.456193316018123,
  },
  {
    labels: [2],
    logits: [[0, 5, 1, 3, 2, 4]],
    errors: 1,
    top5: 0,
    crossEntropy: 4.456193316018123,
  },
];

/** Cases of [labels, logits, numClasses] whose values are exact in float32 and often tie. */
const cases = fc.integer({ min: 1, max: 8 }).chain((numClasses) =>
  fc
    .array(
      fc.tuple(
        fc.nat(numClasses - 1),
        fc.array(fc.integer({ min: -3, max: 3 }), {
          minLength: numClasses,
          maxLength: numClasses,
        }),
      ),
      { minLength: 1, maxLength: 30 },
    )
    .map((examples) => ({
      numClasses,
      labels: int32(...examples.map(([label]) => label)),
      logits: rows(...examples.map(([, logits]) => logits)),
    })),
);

describe('classificationMetrics', () => {
  it.each(goldens)('agrees with NumPy on %j', ({ labels, logits, errors, top5, crossEntropy }) => {
    const metrics = classificationMetrics(
      int32(...labels),
      rows(...logits),
      logits[0]?.length ?? 0,
    );
    expect(metrics).toMatchObject({
      size: labels.length,
      errors,
      errorRate: errors / labels.length,
      top5ErrorRate: top5,
      nonFinite: 0,
    });
    // The logits 0.1, 0.4, 0.6 and 0.9 are rounded to float32.
    expect(metrics.crossEntropy).toBeCloseTo(crossEntropy, 6);
  });

  it('gives the negative log-likelihood when it gets log-probabilities', () => {
    const logits = rows([0.7, 0.2, 0.1].map(Math.log));
    expect(classificationMetrics(int32(0), logits, 3).crossEntropy).toBeCloseTo(0.356675, 6);
  });

  it('weighs every prediction alike, however they fall into batches', () => {
    const accumulator = new ClassificationAccumulator(2);
    accumulator.add({ labels: int32(0, 0, 0, 0), logits: rows([1, 0], [1, 0], [1, 0], [1, 0]) });
    accumulator.add({ labels: int32(0), logits: rows([0, 1]) });
    expect(accumulator.metrics().errorRate).toBe(0.2);
  });

  it('takes a row that is not finite for an error, counts it and leaves it out of the entropy', () => {
    const logits = rows([Number.NaN, 0], [3, 3], [Number.POSITIVE_INFINITY, 0]);
    const metrics = classificationMetrics(int32(0, 0, 0), logits, 2);
    expect(metrics).toMatchObject({ size: 3, errors: 2, nonFinite: 2 });
    expect(metrics.crossEntropy).toBeCloseTo(Math.LN2, 12);
    const lost = classificationMetrics(int32(1), rows([Number.NaN, Number.NaN]), 2);
    expect(lost).toMatchObject({ errorRate: 1, crossEntropy: null, nonFinite: 1 });
  });

  it('gives ties to the smallest class id', () => {
    expect(classificationMetrics(int32(1), rows([2, 2, 1]), 3).errors).toBe(1);
    expect(classificationMetrics(int32(0), rows([2, 2, 1]), 3).errors).toBe(0);
    expect(classificationMetrics(int32(5), rows([0, 0, 0, 0, 0, 0]), 6).top5ErrorRate).toBe(1);
    expect(classificationMetrics(int32(4), rows([0, 0, 0, 0, 0, 0]), 6).top5ErrorRate).toBe(0);
  });

  it('equals a count by sorting, on any logits', () => {
    fc.assert(
      fc.property(cases, ({ labels, logits, numClasses }) => {
        let errors = 0;
        let top5Errors = 0;
        let entropy = 0;
        for (const [row, label] of labels.entries()) {
          const values = [...logits.slice(row * numClasses, (row + 1) * numClasses)];
          const order = values
            .map((_, id) => id)
            .sort((a, b) => Number(values[b]) - Number(values[a]));
          if (order[0] !== label) errors++;
          if (!order.slice(0, 5).includes(label)) top5Errors++;
          const total = values.reduce((sum, value) => sum + Math.exp(value), 0);
          entropy -= Math.log(Math.exp(Number(values[label])) / total);
          expect(predictedClass(logits, row, numClasses)).toBe(order[0]);
        }
        const metrics = classificationMetrics(labels, logits, numClasses);
        expect(metrics.errors).toBe(errors);
        expect(metrics.top5ErrorRate).toBe(numClasses > 5 ? top5Errors / labels.length : null);
        expect(metrics.crossEntropy).toBeCloseTo(entropy / labels.length, 10);
      }),
    );
  });

  it('gives the same bits for every way to cut the rows into batches', () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 7 }), ({ labels, logits, numClasses }, size) => {
        const accumulator = new ClassificationAccumulator(numClasses);
        for (let start = 0; start < labels.length; start += size) {
          accumulator.add({
            labels: labels.slice(start, start + size),
            logits: logits.slice(start * numClasses, (start + size) * numClasses),
          });
        }
        expect(accumulator.metrics()).toEqual(classificationMetrics(labels, logits, numClasses));
      }),
    );
  });

  it('says what does not fit', () => {
    expect(() => classificationMetrics(int32(0, 1), rows([1, 2, 3]), 2)).toThrow(
      'logits had 3 values; it must have 2 x 2',
    );
    expect(() => classificationMetrics(int32(2), rows([1, 2]), 2)).toThrow(
      'a label was 2; it must be in [0, 2)',
    );
    expect(() => classificationMetrics(int32(-1), rows([1, 2]), 2)).toThrow(
      'a label was -1; it must be in [0, 2)',
    );
    expect(() => classificationMetrics(int32(), rows(), 2)).toThrow(
      'there were no predictions; there must be at least one',
    );
    expect(() => new ClassificationAccumulator(0)).toThrow(
      'numClasses was 0; it must be a whole number above 0',
    );
  });
});

describe('predictedClass', () => {
  it('has no answer for a row that is not finite', () => {
    const logits = rows([1, Number.NaN], [Number.NEGATIVE_INFINITY, 0], [0, 1]);
    expect([0, 1, 2].map((row) => predictedClass(logits, row, 2))).toEqual([null, null, 1]);
  });
});
