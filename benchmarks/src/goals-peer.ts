import { type Goal, quotient } from './goal.ts';
import { medianOf } from './machine-limits.ts';
import type { CaseResult, MachineLimits } from './results.ts';

/** What a layer of 1024² experts must reach. @param here cases on the threads that goals are of. */
export function peerGoals(here: readonly CaseResult[], { gemm = 0 }: MachineLimits = {}): Goal[] {
  if (!here.some(({ items }) => items !== undefined)) return [];
  const find = (name: string) => here.find((one) => one.case === `peer-${name}`);
  const forward = find('1024-forward');
  const step = find('1024-adagrad');
  const over = (
    text: string,
    backend: string,
    ours: CaseResult | undefined,
    theirs: CaseResult | undefined,
    least: number,
  ): Goal => ({
    text: `${backend}, 1024² experts: ${text}`,
    value: quotient(fastestTorch(theirs), ours && medianOf(ours, `neverend-${backend}`)),
    ...{ bound: { least }, unit: 'x', runner: `neverend-${backend}` },
    cases: ours ? [ours.case] : [],
  });
  const share = (one: CaseResult | undefined) => {
    const outcome = one?.outcomes['neverend-tensorflow'];
    return outcome && 'milliseconds' in outcome ? outcome.shareOfLimit : undefined;
  };
  return [
    {
      text: 'tensorflow, 1024² experts: forward, share of the limit',
      value: share(forward),
      ...{ bound: { least: 0.6 }, unit: '%', runner: 'neverend-tensorflow' },
      cases: ['peer-1024-forward'],
    },
    // A machine of many GFLOP/s spends more of a forward pass on what PyTorch does slowly.
    over('forward over PyTorch', 'tensorflow', forward, forward, gemm > 200 ? 8 : 5),
    over('forward over PyTorch', 'wasm', forward, forward, 3),
    over('a step with Adagrad over PyTorch, sparse', 'tensorflow', step, step, 3),
    over('a step with Adagrad over PyTorch, dense Adam', 'tensorflow', step, find('1024-adam'), 5),
    {
      text: 'tensorflow, a step over its limit: at 1024² over at 256² experts',
      value: quotient(share(find('256-adagrad')), share(step)),
      ...{ bound: { most: 1.3 }, unit: 'x', runner: 'neverend-tensorflow' },
      cases: ['peer-1024-adagrad', 'peer-256-adagrad'],
    },
  ];
}

/** Of eager and compiled. */
function fastestTorch(one: CaseResult | undefined): number | undefined {
  const times = ['torch', 'torch-compiled'].flatMap((id) => (one && medianOf(one, id)) ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
}
