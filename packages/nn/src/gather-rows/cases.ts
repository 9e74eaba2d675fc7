import type { KernelCase } from '@neverend/backend';
import { randomCase } from '@neverend/backend/kernels';
import { rowCases } from '../row-cases.ts';
import type { GatherRowsAttrs } from './types.ts';

export const gatherRowsCases: readonly KernelCase<GatherRowsAttrs>[] = rowCases.map(
  ({ rows, width, indices }) => randomCase({ table: { shape: [rows, width] } }, {}, { indices }),
);
