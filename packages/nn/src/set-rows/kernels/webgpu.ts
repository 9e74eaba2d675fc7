import type { BackendKernel } from '@neverend/backend';
import { asWebgpu, dispatch, threads, writable } from '@neverend/backend/kernels';
import type { SetRowsAttrs, SetRowsInputs } from '../types.ts';

export const setRowsWebgpu: BackendKernel<SetRowsInputs, SetRowsAttrs> = {
  // A shader cannot read memory through one name and write it through another.
  supports: ({ inputs: { table, rows } }) => rows.dataId !== table.dataId,
  compute: ({ inputs: { table, indices, rows }, backend }) => {
    const output = writable(backend, table);
    dispatch(
      asWebgpu(backend),
      {
        key: 'set rows',
        buffers: { indices: 'read i32', rows: 'read f32', table: 'write f32' },
        uniforms: { size: 'u32', width: 'u32' },
        code: () => `
fn kernel(group : u32, thread : u32) {
  let at = group * ${threads}u + thread;
  if (at < uniforms.size) {
    let start = u32(indices[at / uniforms.width]) * uniforms.width;
    table[start + at % uniforms.width] = rows[at];
  }
}`,
      },
      { indices, rows, table: output },
      { size: rows.size, width: rows.size / indices.size },
      Math.ceil(rows.size / threads),
    );
    return [output];
  },
};
