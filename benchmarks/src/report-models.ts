import { quotient } from './goal.ts';
import { perFrame } from './goals.ts';
import { medianOf } from './machine-limits.ts';
import type { CaseResult } from './results.ts';
import { runnerKinds } from './runner-list.ts';

/** Each model on each runner that was timed: a clip, a stream, and both held against the peers. */
export function modelTable(here: readonly CaseResult[]): string[] {
  const models = [...new Set(here.flatMap(({ video }) => video?.model ?? []))];
  const rows = models.flatMap((model) => rowsOf(model, here));
  if (rows.length === 0) return [];
  const of = (what: string) => [`${what}: ms a frame`, 'of the peak', 'memory', ...overPeers];
  const columns = [...of('clip'), ...of('stream'), 'stream over clip'];
  return [
    '',
    `| model | runner | ${columns.join(' | ')} |`,
    `| --- | --- |${' ---: |'.repeat(columns.length)}`,
    ...rows,
  ];
}

const peers = ['jax', 'torch', 'torch-compiled'];
const overPeers = ['over JAX', 'over PyTorch, eager / compiled'];

function rowsOf(model: string, here: readonly CaseResult[]): string[] {
  const ofModel = here.filter(({ video }) => video?.model === model);
  const clip = ofModel.find(({ case: id }) => id.endsWith('-clip'));
  const stream = ofModel.find(({ case: id }) => id.endsWith('-stream'));
  return runnerKinds.flatMap(({ id, title }) => {
    if (![clip, stream].some((one) => one && medianOf(one, id) !== undefined)) return [];
    const ratio = quotient(perFrame(stream, id), perFrame(clip, id));
    const cells = [model, title, ...cellsOf(clip, id), ...cellsOf(stream, id), over(ratio)];
    return `| ${cells.join(' | ')} |`;
  });
}

function cellsOf(one: CaseResult | undefined, id: string): string[] {
  const outcome = one?.outcomes[id];
  const median = perFrame(one, id);
  if (one === undefined || !outcome || !('milliseconds' in outcome) || median === undefined) {
    return [outcome && 'disagrees' in outcome ? 'wrong' : '-', '', '', '', ''];
  }
  const { milliseconds, shareOfLimit, peakMiB } = outcome;
  const spread = Math.round((50 * (milliseconds.q3 - milliseconds.q1)) / milliseconds.median);
  const [jax, eager, compiled] = peers.map((peer) =>
    peer === id ? '' : over(quotient(medianOf(one, peer), milliseconds.median)),
  );
  return [
    `${Number(median.toPrecision(3))} ± ${spread} %`,
    shareOfLimit === undefined ? '' : `${Math.round(100 * shareOfLimit)} %`,
    peakMiB === undefined ? '' : `${(peakMiB / 1024).toFixed(1)} GiB`,
    jax ?? '',
    [eager, compiled].filter(Boolean).join(' / '),
  ];
}

const over = (ratio: number | undefined) => (ratio === undefined ? '' : `${ratio.toFixed(2)}x`);
