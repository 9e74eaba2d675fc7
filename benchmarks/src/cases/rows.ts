import type { Case, Input, Size } from '../types.ts';

/** Random rows of a table that no cache holds. */
export function rowCases(size: Size): Case[] {
  const [entries, width, count] = size === 'full' ? [2 ** 18, 256, 65_536] : [301, 7, 77];
  const table: Input = { name: 'table', shape: [entries, width], dtype: 'float32' };
  const indices: Input = { name: 'indices', shape: [count], dtype: 'int32', bound: entries };
  const rows: Input = { name: 'rows', shape: [count, width], dtype: 'float32' };
  const common = { group: 'rows', mode: 'forward', attrs: {}, tolerance: 1e-6 } as const;
  const kind = 'random rows';
  return [
    {
      ...common,
      id: 'gather-rows',
      title: `gatherRows, ${count} of [${entries}, ${width}]`,
      op: 'gatherRows',
      inputs: [table, indices],
      limit: { kind, amount: 8 * count * width },
    },
    {
      ...common,
      id: 'scatter-add-rows',
      title: `scatterAddRows, ${count} into [${entries}, ${width}]`,
      op: 'scatterAddRows',
      inputs: [table, indices, rows],
      // The rows and the table's rows in, the table's rows out.
      limit: { kind, amount: 12 * count * width },
    },
  ];
}
