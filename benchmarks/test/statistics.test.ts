import { describe, expect, it } from 'vitest';
import { summarize } from '../src/statistics.ts';

describe('summarize', () => {
  it('gives the quartiles that NumPy gives', () => {
    // numpy.percentile([7, 1, 3, 10, 4], [0, 25, 50, 75]) and the same without the 10.
    expect(summarize([7, 1, 3, 10, 4])).toEqual({ runs: 5, min: 1, q1: 3, median: 4, q3: 7 });
    expect(summarize([7, 1, 3, 4])).toEqual({ runs: 4, min: 1, q1: 2.5, median: 3.5, q3: 4.75 });
  });

  it('takes a single time for all of them', () => {
    expect(summarize([2])).toEqual({ runs: 1, min: 2, q1: 2, median: 2, q3: 2 });
  });

  it('refuses no times at all', () => expect(() => summarize([])).toThrow(RangeError));
});
