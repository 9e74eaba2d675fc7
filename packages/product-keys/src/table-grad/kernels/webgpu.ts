import type { BackendKernel } from '@neverend/backend';
import { asWebgpu, dispatch, makeOutput, orderOfRows, threads } from '@neverend/backend/kernels';
import type { TableGradAttrs, TableGradInputs } from '../types.ts';

/** All rows are 0 first; then one thread for each column of each row that was picked adds up its picks in their order. */
export const tableGradWebgpu: BackendKernel<TableGradInputs, TableGradAttrs> = {
  compute: ({ inputs: { indices, factors, sources }, attrs: { rows }, backend }) => {
    const gpu = asWebgpu(backend);
    const [count = 0, width = 1] = sources.shape;
    const gradient = makeOutput(gpu, [rows, width]);
    const size = rows * width;
    dispatch(
      gpu,
      {
        key: 'table grad: zeros',
        buffers: { gradient: 'write f32' },
        uniforms: { size: 'u32' },
        code: () => `
fn kernel(group : u32, thread : u32) {
  let index = group * ${threads}u + thread;
  if (index < uniforms.size) { gradient[index] = 0.0; }
}`,
      },
      { gradient },
      { size },
      Math.ceil(size / threads),
    );
    if (indices.size === 0) return [gradient];
    const pairs = orderOfRows(gpu, indices, indices.size);
    dispatch(
      gpu,
      {
        key: 'table grad',
        buffers: {
          ...({ pairs: 'read vec2<u32>', factors: 'read f32', sources: 'read f32' } as const),
          gradient: 'write f32',
        },
        uniforms: { count: 'u32', perSource: 'u32', width: 'u32' },
        code: () => `
fn kernel(group : u32, thread : u32) {
  let index = group * ${threads}u + thread;
  let column = index % uniforms.width;
  var place = index / uniforms.width;
  if (place >= uniforms.count) { return; }
  let row = pairs[place].x;
  if (place > 0u && pairs[place - 1u].x == row) { return; }
  var sum = 0.0;
  while (place < uniforms.count && pairs[place].x == row) {
    let pick = pairs[place].y;
    sum += factors[pick] * sources[pick / uniforms.perSource * uniforms.width + column];
    place += 1u;
  }
  gradient[row * uniforms.width + column] = sum;
}`,
      },
      { pairs, factors, sources, gradient },
      { count: indices.size, perSource: indices.size / count, width },
      Math.ceil((indices.size * width) / threads),
    );
    gpu.disposeData(pairs.dataId);
    return [gradient];
  },
};
