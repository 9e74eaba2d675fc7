import type { TensorInfo } from '@tensorflow/tfjs-core';
import { makeOutput, type WebgpuBackend } from './backend.ts';
import { dispatch, threads, type WgslProgram } from './dispatch.ts';

/** What to sum over the rows of `[M, D]`. */
export interface ColumnTerms<Buffer extends string> {
  /** Names the terms: two of one key are the same. */
  readonly key: string;
  readonly buffers: Readonly<Record<Buffer, 'read f32'>>;
  /** WGSL for a term of each sum, from `row` and `at`, which is row · D + column. */
  readonly terms: readonly string[];
}

/** Blocks of rows that are summed at the same time. */
const mostBlocks = 512;

/**
 * Sums over rows, `[D]` each: first within blocks of rows, then over the blocks. No atomics, so that the order of
 * the additions, and with it the last bit, depends on M and D alone.
 */
export function columnSums<Buffer extends string>(
  backend: WebgpuBackend,
  terms: ColumnTerms<Buffer>,
  tensors: Readonly<Record<Buffer, TensorInfo>>,
  { rows, width }: { readonly rows: number; readonly width: number },
): TensorInfo[] {
  let columns = 1;
  while (columns < 64 && columns < width) columns *= 2;
  const blocks = Math.min(Math.max(1, Math.ceil((rows * columns) / threads / 8)), mostBlocks);
  const sums = sumBlocks(backend, terms, tensors, { rows, width, columns, blocks });
  if (blocks === 1) return sums;

  const buffers = Object.fromEntries(sums.map((_, index) => [`part${index}`, 'read f32' as const]));
  const total = {
    key: `sum of ${sums.length}`,
    buffers,
    terms: sums.map((_, index) => `part${index}[at]`),
  };
  const parts = Object.fromEntries(sums.map((sum, index) => [`part${index}`, sum]));
  const totals = sumBlocks(backend, total, parts, { rows: blocks, width, columns, blocks: 1 });
  for (const { dataId } of sums) backend.disposeData(dataId);
  return totals;
}

interface Blocks {
  readonly rows: number;
  readonly width: number;
  /** Columns of a workgroup; its other threads take further rows of them. */
  readonly columns: number;
  readonly blocks: number;
}

/** @returns for each term `[blocks, D]`, or `[D]` where there is one block. */
function sumBlocks<Buffer extends string>(
  backend: WebgpuBackend,
  { key, buffers, terms }: ColumnTerms<Buffer>,
  tensors: Readonly<Record<Buffer, TensorInfo>>,
  { rows, width, columns, blocks }: Blocks,
): TensorInfo[] {
  const names = terms.map((_, index) => `sum${index}`);
  const sums = names.map(() => makeOutput(backend, blocks === 1 ? [width] : [blocks, width]));
  const program: WgslProgram<string, 'rows' | 'width' | 'height'> = {
    key: `column sums ${key} ${columns}`,
    buffers: {
      ...Object.fromEntries(names.map((name) => [name, 'write f32' as const])),
      ...buffers,
    },
    uniforms: { rows: 'u32', width: 'u32', height: 'u32' },
    code: () => codeOf(terms, names, columns),
  };
  const outputs = Object.fromEntries(names.map((name, index) => [name, sums[index] as TensorInfo]));
  dispatch(
    backend,
    program,
    { ...outputs, ...tensors },
    { rows, width, height: Math.ceil(rows / blocks) },
    blocks * Math.ceil(width / columns),
  );
  return sums;
}

const codeOf = (terms: readonly string[], names: readonly string[], columns: number): string => `
const columns = ${columns}u;
const lanes = ${threads / columns}u;
var<workgroup> numbers : array<f32, ${threads}>;
fn kernel(group : u32, thread : u32) {
  let across = (uniforms.width + columns - 1u) / columns;
  let block = group / across;
  let column = group % across * columns + thread % columns;
  let lane = thread / columns;
  let inside = column < uniforms.width;
  let end = select(0u, min(uniforms.rows, (block + 1u) * uniforms.height), inside);
  ${names.map((name) => `var ${name}_here = 0.0;`).join('\n  ')}
  for (var row = block * uniforms.height + lane; row < end; row += lanes) {
    let at = row * uniforms.width + column;
    ${terms.map((term, index) => `${names[index]}_here += ${term};`).join('\n    ')}
  }
  ${names
    .map(
      (name) => `numbers[thread] = ${name}_here;
  for (var half = lanes / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { numbers[thread] += numbers[thread + half * columns]; }
  }
  workgroupBarrier();
  let ${name}_at = block * uniforms.width + column;
  if (lane == 0u && inside && ${name}_at < arrayLength(&${name})) { ${name}[${name}_at] = numbers[thread]; }
  workgroupBarrier();`,
    )
    .join('\n  ')}
}`;
