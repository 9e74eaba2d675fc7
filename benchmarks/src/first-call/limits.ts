import type { FirstCallResult, Start, Times } from './types.ts';

/** What a backend holds with an empty store, in milliseconds; on webgpu software may play the GPU, and no number holds. */
interface Limit {
  /** Of the start and the first result, over what TensorFlow.js takes as it comes. */
  readonly beyondStock?: number;
  /** Of the first gradient, over the second. */
  readonly gradientOverSecond?: number;
  /** Of the start and the first result beyond stock, as a multiple of what it is with composites alone. */
  readonly timesComposites?: number;
}

export const limits: Readonly<Record<Start['backend'], Limit>> = {
  wasm: { beyondStock: 150, gradientOverSecond: 500 },
  tensorflow: { beyondStock: 300, gradientOverSecond: 500 },
  // No result waits for a verdict there. One run of a GPU that software plays is noisy.
  webgpu: { timesComposites: 1.5 },
};

/** What a start and a first result take more than stock TensorFlow.js; undefined where that is not among the results. */
export function beyondStock(
  { place, backend, times }: FirstCallResult,
  results: readonly FirstCallResult[],
): number | undefined {
  const stock = find(results, place, backend, 'stock');
  return stock && total(times) - total(stock.times);
}

/** A line for each limit that is missed. */
export function misses(results: readonly FirstCallResult[]): string[] {
  const lines: string[] = [];
  for (const result of results) {
    if (result.way !== 'empty store') continue;
    const { place, backend, times } = result;
    const limit = limits[backend];
    const hold = (what: string, value: number | undefined, most: number | undefined): void => {
      if (most === undefined) return;
      const where = `${place}, ${backend}, empty store: ${what}`;
      if (value === undefined) lines.push(`${where} has nothing to be held against`);
      // Written so that NaN misses too.
      else if (!(value <= most)) {
        lines.push(`${where} is ${value.toFixed(0)} ms; the limit is ${most.toFixed(0)} ms`);
      }
    };
    const beyond = beyondStock(result, results);
    hold('beyond stock', beyond, limit.beyondStock);
    hold(
      'the first gradient over the second',
      times.gradient - times.secondGradient,
      limit.gradientOverSecond,
    );
    if (limit.timesComposites === undefined) continue;
    const composites = find(results, place, backend, 'composites');
    const base = composites && beyondStock(composites, results);
    // Below zero, composites were faster than stock, and a multiple says nothing.
    const most = base === undefined ? 0 : Math.max(0, base) * limit.timesComposites;
    hold('beyond stock', base === undefined ? undefined : beyond, most);
  }
  return lines;
}

function find(
  results: readonly FirstCallResult[],
  place: string,
  backend: Start['backend'],
  way: FirstCallResult['way'],
): FirstCallResult | undefined {
  return results.find((one) => one.place === place && one.backend === backend && one.way === way);
}

const total = ({ start, first }: Times): number => start + first;
