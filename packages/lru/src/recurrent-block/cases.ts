import type { KernelCase } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import { recurrenceExamples } from '../gated-recurrence/cases.ts';
import type { RecurrentBlockAttrs } from './types.ts';

/** The recurrence's, below layers of widths that are below, at and above a vector and a panel. */
export const recurrentBlockCases: readonly KernelCase<RecurrentBlockAttrs>[] =
  recurrenceExamples.map(({ shape, inputs, attrs, more }, at) => {
    const inner = shape.at(-1) ?? 1;
    // Each set of attributes, of which there are four to a shape, meets each width.
    const width = [1, 7, 16, 33][(at + Math.floor(at / 4)) % 4] ?? 1;
    const into = { shape: [width, inner], scale: 1 / Math.sqrt(width) };
    const layers = {
      ...{ yKernel: into, yBias: { shape: [inner] }, xKernel: into, xBias: { shape: [inner] } },
      outKernel: { shape: [inner, width], scale: 1 / Math.sqrt(inner) },
      outBias: { shape: [width] },
    };
    const x = { shape: [...shape.slice(0, -1), width], scale: 2, mean: 1 };
    const scale = { shape: [width], scale: 0.5 };
    return randomCase({ x, scale, ...layers, ...inputs }, { ...attrs, eps: 0.1 }, more);
  });
