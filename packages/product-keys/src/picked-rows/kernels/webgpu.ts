import type { BackendKernel } from '@neverend/backend';
import {
  asWebgpu,
  dispatch,
  makeOutput,
  rowFunctions,
  rowLayout,
  threads,
} from '@neverend/backend/kernels';
import {
  type PickedRowsAttrs,
  pickedRowsSizes,
  type RowProductsInputs,
  type WeightedRowsInputs,
} from '../types.ts';

const uniforms = { size: 'u32', picks: 'u32', width: 'u32' } as const;

export const weightedRowsWebgpu: BackendKernel<WeightedRowsInputs, PickedRowsAttrs> = {
  compute: ({ inputs: { table, indices, weights }, backend }) => {
    const gpu = asWebgpu(backend);
    const { count, picks, width } = pickedRowsSizes({ table, indices });
    const y = makeOutput(gpu, [count, width]);
    const size = count * width;
    dispatch(
      gpu,
      {
        key: 'weighted rows',
        buffers: {
          ...({ table: 'read f32', indices: 'read i32' } as const),
          ...({ weights: 'read f32', y: 'write f32' } as const),
        },
        uniforms,
        code: () => `
fn kernel(group : u32, thread : u32) {
  let at = group * ${threads}u + thread;
  if (at >= uniforms.size) { return; }
  let begin = at / uniforms.width * uniforms.picks;
  let column = at % uniforms.width;
  var sum = 0.0;
  for (var pick = begin; pick < begin + uniforms.picks; pick++) {
    sum += weights[pick] * table[u32(indices[pick]) * uniforms.width + column];
  }
  y[at] = sum;
}`,
      },
      { table, indices, weights, y },
      { size, picks, width },
      Math.ceil(size / threads),
    );
    return [y];
  },
};

export const rowProductsWebgpu: BackendKernel<RowProductsInputs, PickedRowsAttrs> = {
  compute: ({ inputs: { table, indices, x }, backend }) => {
    const gpu = asWebgpu(backend);
    const { count, picks, width } = pickedRowsSizes({ table, indices });
    const { lanes, groups } = rowLayout(width);
    const products = makeOutput(gpu, [count, picks]);
    dispatch(
      gpu,
      {
        key: `row products ${lanes}`,
        buffers: {
          ...({ x: 'read f32', table: 'read f32' } as const),
          ...({ indices: 'read i32', products: 'write f32' } as const),
        },
        uniforms: { ...uniforms, rows: 'u32' },
        code: () => `${rowFunctions(lanes)}
fn kernel(group : u32, thread : u32) {
  let pick = rowAt(group, thread);
  let begin = pick.index / uniforms.picks * uniforms.width;
  let row = u32(indices[min(pick.index, uniforms.rows - 1u)]) * uniforms.width;
  var product = 0.0;
  for (var at = pick.first; at < pick.end; at += lanes) {
    let column = at % uniforms.width;
    product += x[begin + column] * table[row + column];
  }
  product = rowSum(thread, product);
  if (pick.lane == 0u && pick.index < uniforms.rows) { products[pick.index] = product; }
}`,
      },
      { x, table, indices, products },
      { size: count, picks, width, rows: indices.size },
      groups(indices.size),
    );
    return [products];
  },
};
