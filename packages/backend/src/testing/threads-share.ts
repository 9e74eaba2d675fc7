import { vi } from 'vitest';

/**
 * Expects of shared work on wasm that, in one try of many, this thread takes some of its units and other threads
 * the rest: on a busy machine either may be done before the other is let run.
 *
 * @param units of which the work consists
 * @throws Error telling how many units this thread took in the last try.
 */
export function expectThreadsShare(units: number, work: () => unknown): void {
  let here = 0;
  for (let tries = 0; tries < 10_000; tries++) {
    here = unitsTaken(work);
    if (here > 0 && here < units) return;
  }
  throw new Error(`this thread took ${here} of ${units} units of the work`);
}

/** How many units of shared work on wasm this thread takes meanwhile: each with one exchange that succeeds. */
export function unitsTaken(work: () => unknown): number {
  const exchange = vi.spyOn(Atomics, 'compareExchange');
  try {
    work();
    return exchange.mock.calls.reduce((sum, [, , from, to], call) => {
      const { value } = exchange.mock.results[call] ?? {};
      return value === from ? sum + Number(to) - Number(from) : sum;
    }, 0);
  } finally {
    exchange.mockRestore();
  }
}
