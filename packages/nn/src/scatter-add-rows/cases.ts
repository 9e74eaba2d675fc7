import type { KernelCase } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import { rowCases } from '../row-cases.ts';
import type { ScatterAddRowsAttrs } from './types.ts';

export const scatterAddRowsCases: readonly KernelCase<ScatterAddRowsAttrs>[] = rowCases.map(
  ({ rows, width, count, indices }) =>
    randomCase(
      { table: { shape: [rows, width] }, rows: { shape: [count, width] } },
      {},
      { indices },
    ),
);
