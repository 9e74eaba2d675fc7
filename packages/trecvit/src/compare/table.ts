import type { Amount, ComparedClip, Comparison, Costs } from './index.ts';

/** How many times less the paper's model takes than its full attention (arXiv 2412.14294, abstract and section 5.1). */
const paper = {
  parameters: 3,
  flops: new Map([
    [32, 5],
    [64, 8],
  ]),
  memory: new Map([
    [32, 12],
    [64, 24],
  ]),
};

/** A comparison as text: a line for each cost, both models, the ratio and the paper's. */
export function comparisonTable(comparison: Comparison): string {
  const rows = [
    ['', 'TRecViT', 'full attention', 'ratio', 'paper'],
    ...comparison.clips.flatMap((clip) => [[`${clip.frames} frames`], ...linesOf(clip)]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return [...lines, '', ...notes(comparison), ''].join('\n');
}

function linesOf({ frames, trecvit, fullAttention }: ComparedClip): string[][] {
  const line = (
    name: string,
    of: (costs: Costs) => Amount | undefined,
    shown: (value: number) => string,
    wanted?: number,
  ) => {
    const [ours, theirs] = [of(trecvit), of(fullAttention)];
    if (ours === undefined || theirs === undefined) return [];
    const cell = ({ value, how }: Amount) => `${shown(value)}${how === 'computed' ? '*' : ' '}`;
    const ratio = `${(theirs.value / ours.value).toFixed(1)}x`;
    return [[`  ${name}`, cell(ours), cell(theirs), ratio, wanted ? `${wanted}x` : '']];
  };
  // These are exact: a formula is no less than a measurement.
  const exact = (of: (costs: Costs) => number) => (costs: Costs) =>
    ({ value: of(costs), how: 'measured' }) as const;
  const without = (of: (costs: Costs) => Amount) => (costs: Costs) => {
    const { value, how } = of(costs);
    return { value: value - 4 * costs.parameters, how };
  };
  const held = (costs: Costs) => costs.peakBytesHeld;
  const fused = (costs: Costs) => costs.peakBytes;
  const resident = ({ residentBytes }: Costs): Amount | undefined =>
    residentBytes === undefined ? undefined : { value: residentBytes, how: 'measured' };
  return [
    ...line(
      'parameters',
      exact((costs) => costs.parameters),
      millions,
      paper.parameters,
    ),
    ...line(
      'FLOPs',
      exact((costs) => costs.flops),
      tera,
      paper.flops.get(frames),
    ),
    ...line('peak memory, weights of attention held', held, bytes, paper.memory.get(frames)),
    ...line('  of it not parameters', without(held), bytes),
    ...line('peak memory, fused attention', fused, bytes),
    ...line('  of it not parameters', without(fused), bytes),
    ...line('resident memory, fused attention', resident, bytes),
    ...line('time, fused attention', (costs) => costs.seconds, seconds),
  ];
}

function notes({ backend, memoryBytes, clips }: Comparison): string[] {
  const times = clips.flatMap(({ frames, ...models }) =>
    Object.entries(models).flatMap(([name, { seconds: time }]) =>
      time?.from === undefined
        ? []
        : [
            `Time of ${name === 'trecvit' ? 'TRecViT' : 'full attention'} at ${frames} frames: that of ${time.from} frames, by the FLOPs.`,
          ],
    ),
  );
  const amounts = clips.flatMap(({ trecvit, fullAttention }) =>
    [trecvit, fullAttention].flatMap((costs) => [costs.peakBytes, costs.peakBytesHeld]),
  );
  const computed = amounts.some(({ how }) => how === 'computed');
  return [
    `Backend ${backend}, random weights, one clip, one run. Memory is that of all tensors when most of them were alive.`,
    ...(computed
      ? [
          memoryBytes === 0
            ? '* Computed.'
            : `* Computed: more than ${bytes(memoryBytes)} would be needed to run it.`,
        ]
      : []),
    ...times,
  ];
}

const millions = (value: number) => `${(value / 1e6).toFixed(1)} M`;
const tera = (value: number) =>
  value < 1e11 ? `${(value / 1e9).toPrecision(3)} GFLOP` : `${(value / 1e12).toPrecision(3)} TFLOP`;
const bytes = (value: number) =>
  value < 1e8 ? `${(value / 1e6).toPrecision(3)} MB` : `${(value / 1e9).toPrecision(3)} GB`;
const seconds = (value: number) => `${value.toPrecision(3)} s`;
