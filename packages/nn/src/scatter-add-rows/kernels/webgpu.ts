import type { BackendKernel } from '@neverend/backend';
import {
  asWebgpu,
  dispatch,
  editedInPlace,
  isCast,
  orderOfRows,
  threads,
} from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import type { ScatterAddRowsAttrs, ScatterAddRowsInputs } from '../types.ts';

/** One thread for each column of each row that comes at all; it adds in the order of k. */
export const scatterAddRowsWebgpu: BackendKernel<ScatterAddRowsInputs, ScatterAddRowsAttrs> = {
  // A shader cannot read memory through one name and write it through another.
  supports: ({ inputs: { table, indices, rows } }) =>
    rows.dataId !== table.dataId &&
    indices.dataId !== table.dataId &&
    !isCast(asWebgpu(tf.backend() as tf.KernelBackend), table),
  compute: ({ inputs: { table, indices, rows }, backend }) => {
    const gpu = asWebgpu(backend);
    if (table.size === 0 || indices.size === 0) return [editedInPlace(backend, table)];
    const count = indices.size;
    const pairs = orderOfRows(gpu, indices, count);
    dispatch(
      gpu,
      {
        key: 'scatter add rows',
        buffers: { pairs: 'read vec2<u32>', rows: 'read f32', table: 'write f32' },
        uniforms: { size: 'u32', count: 'u32', width: 'u32' },
        code: () => `
fn kernel(group : u32, thread : u32) {
  let index = group * ${threads}u + thread;
  if (index >= uniforms.size) { return; }
  let column = index % uniforms.width;
  var place = index / uniforms.width;
  let row = pairs[place].x;
  if (place > 0u && pairs[place - 1u].x == row) { return; }
  var sum = table[row * uniforms.width + column];
  while (place < uniforms.count && pairs[place].x == row) {
    sum += rows[pairs[place].y * uniforms.width + column];
    place += 1u;
  }
  table[row * uniforms.width + column] = sum;
}`,
      },
      { pairs, rows, table },
      { size: rows.size, count, width: rows.size / count },
      Math.ceil(rows.size / threads),
    );
    gpu.disposeData(pairs.dataId);
    return [editedInPlace(backend, table)];
  },
};
