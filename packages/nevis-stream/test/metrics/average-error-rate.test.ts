import { describe, expect, it } from 'vitest';
import { averageErrorRate } from '../../src/metrics/index.ts';

describe('averageErrorRate', () => {
  it('has the mean over tasks and the mean over predictions', () => {
    // 90 of 100 and 5 of 10 are right: accuracies 0.9 and 0.5, 95 of 110 together.
    const { average, weighted } = averageErrorRate([
      { errors: 10, size: 100 },
      { errors: 5, size: 10 },
    ]);
    expect(1 - average).toBeCloseTo(0.7, 12);
    expect(1 - weighted).toBeCloseTo(0.8636363636, 10);
  });

  it('says what does not fit', () => {
    expect(() => averageErrorRate([])).toThrow('tasks was empty');
    expect(() => averageErrorRate([{ errors: 0, size: 0 }])).toThrow(
      'tasks[0].size was 0; it must be above 0',
    );
  });
});
