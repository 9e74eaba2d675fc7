import type { KernelCase } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import { distinctRowCases } from '../row-cases.ts';
import type { SetRowsAttrs } from './types.ts';

export const setRowsCases: readonly KernelCase<SetRowsAttrs>[] = distinctRowCases.map(
  ({ rows, width, count, indices }) =>
    randomCase(
      { table: { shape: [rows, width] }, rows: { shape: [count, width] } },
      {},
      { indices },
    ),
);
