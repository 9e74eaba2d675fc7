import { threads } from './dispatch.ts';

/** How a workgroup shares out rows of one width: this many neighbouring threads to a row. */
export interface RowLayout {
  readonly lanes: number;
  /** The number of workgroups for so many rows. */
  readonly groups: (rows: number) => number;
}

/** About four numbers of a row to a thread, so that narrow rows leave no threads idle. */
export function rowLayout(width: number): RowLayout {
  let lanes = 1;
  while (lanes < threads && 4 * lanes < width) lanes *= 2;
  return { lanes, groups: (rows) => Math.ceil((rows * lanes) / threads) };
}

/**
 * WGSL for kernels over rows, with the uniforms `rows` and `width`. `rowAt` gives the row of a thread, from
 * `first` in steps of `lanes` to `end`; threads past the last row get none of it. `rowSum` and `rowMax` combine
 * the numbers of the threads of a row: all threads of the workgroup must call them.
 */
export const rowFunctions = (lanes: number): string => `
const lanes = ${lanes}u;
struct Row { index : u32, lane : u32, first : u32, end : u32 }
fn rowAt(group : u32, thread : u32) -> Row {
  let index = group * ${threads / lanes}u + thread / lanes;
  let start = index * uniforms.width;
  let width = select(0u, uniforms.width, index < uniforms.rows);
  return Row(index, thread % lanes, start + thread % lanes, start + width);
}
var<workgroup> numbers : array<f32, ${threads}>;
fn rowSum(thread : u32, value : f32) -> f32 {
  numbers[thread] = value;
  for (var half = lanes / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread % lanes < half) { numbers[thread] += numbers[thread + half]; }
  }
  workgroupBarrier();
  let sum = numbers[thread - thread % lanes];
  workgroupBarrier();
  return sum;
}
fn rowMax(thread : u32, value : f32) -> f32 {
  numbers[thread] = value;
  for (var half = lanes / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread % lanes < half) { numbers[thread] = max(numbers[thread], numbers[thread + half]); }
  }
  workgroupBarrier();
  let largest = numbers[thread - thread % lanes];
  workgroupBarrier();
  return largest;
}`;
