import type { BackendKernel } from '@neverend/backend';
import { asWebgpu, dispatch, makeOutput, threads } from '@neverend/backend/kernels';
import type { GatherRowsAttrs, GatherRowsInputs } from '../types.ts';

export const gatherRowsWebgpu: BackendKernel<GatherRowsInputs, GatherRowsAttrs> = {
  compute: ({ inputs: { table, indices }, backend }) => {
    const gpu = asWebgpu(backend);
    const width = table.shape[1] ?? 1;
    const size = indices.size * width;
    const rows = makeOutput(gpu, [...indices.shape, width]);
    dispatch(
      gpu,
      {
        key: 'gather rows',
        buffers: { table: 'read f32', indices: 'read i32', rows: 'write f32' },
        uniforms: { size: 'u32', width: 'u32' },
        code: () => `
fn kernel(group : u32, thread : u32) {
  let at = group * ${threads}u + thread;
  if (at < uniforms.size) {
    let start = u32(indices[at / uniforms.width]) * uniforms.width;
    rows[at] = table[start + at % uniforms.width];
  }
}`,
      },
      { table, indices, rows },
      { size, width },
      Math.ceil(size / threads),
    );
    return [rows];
  },
};
