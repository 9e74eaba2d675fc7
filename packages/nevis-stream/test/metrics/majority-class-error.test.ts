import { describe, expect, it } from 'vitest';
import { majorityClassError } from '../../src/metrics/index.ts';

const int32 = (...labels: number[]) => Int32Array.from(labels);

describe('majorityClassError', () => {
  it('names the most frequent training class for every example', () => {
    expect(majorityClassError(int32(0, 2, 2, 1), int32(2, 2, 0, 1, 1), 3)).toBe(0.6);
  });

  it('gives ties to the smallest class id', () => {
    expect(majorityClassError(int32(1, 2, 2, 1), int32(1, 1, 1, 2), 3)).toBe(0.25);
  });

  it('errs always when the class does not come up again', () => {
    expect(majorityClassError(int32(3), int32(0, 1), 4)).toBe(1);
  });

  it('says what does not fit', () => {
    expect(() => majorityClassError(int32(), int32(0), 2)).toThrow(
      'trainLabels was empty; it must hold at least one label',
    );
    expect(() => majorityClassError(int32(0), int32(), 2)).toThrow(
      'evalLabels was empty; it must hold at least one label',
    );
    expect(() => majorityClassError(int32(0), int32(2), 2)).toThrow(
      'a label of evalLabels was 2; it must be in [0, 2)',
    );
    expect(() => majorityClassError(int32(-1), int32(0), 2)).toThrow(
      'a label of trainLabels was -1; it must be in [0, 2)',
    );
  });
});
