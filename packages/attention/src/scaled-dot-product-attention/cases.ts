import type { KernelCase } from '@neverend/backend';
import { type RandomInput, randomCase } from '@neverend/backend/kernels';
import type { AttentionAttrs } from './types.ts';

const plainAttrs: AttentionAttrs = {
  scale: 1,
  masked: false,
  causal: false,
  causalOffset: 0,
  dropoutRate: 0,
  keyLow: 0,
  keyHigh: 0,
};

interface Example extends Partial<AttentionAttrs> {
  readonly q: readonly number[];
  readonly keys: number;
  readonly valueDepth: number;
  readonly mask?: readonly number[];
}

const examples: readonly Example[] = [
  { q: [1, 1, 1, 1], keys: 1, valueDepth: 1 },
  { q: [2, 5, 3, 6], keys: 7, valueDepth: 5, scale: 0.4 },
  { q: [1, 37, 2, 64], keys: 37, valueDepth: 64, scale: 1 / 8 },
  { q: [1, 9, 1, 4], keys: 70, valueDepth: 9, causal: true, causalOffset: 50 },
  // Here the first queries see nothing.
  { q: [2, 40, 2, 3], keys: 36, valueDepth: 8, causal: true, causalOffset: -5 },
  { q: [2, 6, 2, 8], keys: 11, valueDepth: 8, masked: true, mask: [2, 1, 1, 11] },
  { q: [1, 35, 3, 5], keys: 33, valueDepth: 5, masked: true, mask: [1, 3, 35, 33] },
  {
    ...{ q: [2, 7, 3, 4], keys: 5, valueDepth: 4, masked: true, mask: [1, 1, 7, 1], causal: true },
    ...{ dropoutRate: 0.3, keyLow: 7, keyHigh: 1 },
  },
  { q: [1, 34, 2, 4], keys: 9, valueDepth: 4, dropoutRate: 0.5, keyLow: 4_000_000_000, keyHigh: 3 },
  {
    ...{ q: [2, 3, 9, 2, 4], keys: 7, valueDepth: 5 },
    ...{ masked: true, mask: [6, 1, 1, 7], causal: true, causalOffset: 2 },
  },
  // More queries than a block of a compiled kernel has, and vectors of more numbers than a panel.
  {
    ...{ q: [1, 101, 2, 67], keys: 53, valueDepth: 70, causal: true, causalOffset: -20 },
    ...{ dropoutRate: 0.2, keyLow: 1, keyHigh: 2 },
  },
  { q: [65_537, 1, 1, 1], keys: 2, valueDepth: 1 },
];

/** Calls with the inputs of attention, and with `more` by the shape of the output. */
function casesWith(
  more: (y: readonly number[]) => Readonly<Record<string, RandomInput>>,
): KernelCase<AttentionAttrs>[] {
  return examples.map(({ q, keys, valueDepth, mask, ...attrs }) => {
    const [rows, [heads = 1, depth = 1]] = [q.slice(0, -3), q.slice(-2)];
    return randomCase(
      {
        ...more([...q.slice(0, -1), valueDepth]),
        q: { shape: q },
        k: { shape: [...rows, keys, heads, depth] },
        v: { shape: [...rows, keys, heads, valueDepth] },
        mask: mask === undefined ? { shape: [1, 1, 1, 1], scale: 0 } : { shape: mask, scale: 2 },
      },
      { ...plainAttrs, ...attrs },
    );
  });
}

export const attentionCases: readonly KernelCase<AttentionAttrs>[] = casesWith(() => ({}));

export const attentionGradCases: readonly KernelCase<AttentionAttrs>[] = casesWith((shape) => ({
  dy: { shape },
}));
