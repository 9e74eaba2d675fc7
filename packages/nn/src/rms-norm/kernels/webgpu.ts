import type { BackendKernel } from '@neverend/backend';
import {
  asWebgpu,
  columnSums,
  dispatch,
  makeOutput,
  rowFunctions,
  rowLayout,
  rowsOf,
} from '@neverend/backend/kernels';
import type { RmsNormAttrs, RmsNormGradAttrs, RmsNormGradInputs, RmsNormInputs } from '../types.ts';

export const rmsNormWebgpu: BackendKernel<RmsNormInputs, RmsNormAttrs> = {
  compute: ({ inputs: { x, scale }, attrs: { eps, offset }, backend }) => {
    const gpu = asWebgpu(backend);
    const { rows, width } = rowsOf(x);
    const { lanes, groups } = rowLayout(width);
    const [y, rstd] = [makeOutput(gpu, x.shape), makeOutput(gpu, [rows])];
    dispatch(
      gpu,
      {
        key: `rms norm ${lanes}`,
        buffers: { x: 'read f32', scale: 'read f32', y: 'write f32', rstd: 'write f32' },
        uniforms: { rows: 'u32', width: 'u32', eps: 'f32', offset: 'f32' },
        code: () => `${rowFunctions(lanes)}
fn kernel(group : u32, thread : u32) {
  let row = rowAt(group, thread);
  var squares = 0.0;
  for (var at = row.first; at < row.end; at += lanes) { squares += x[at] * x[at]; }
  let root = inverseSqrt(rowSum(thread, squares) / f32(uniforms.width) + uniforms.eps);
  var column = row.lane;
  for (var at = row.first; at < row.end; at += lanes) {
    y[at] = x[at] * root * (scale[column] + uniforms.offset);
    column += lanes;
  }
  if (row.lane == 0u && row.index < uniforms.rows) { rstd[row.index] = root; }
}`,
      },
      { x, scale, y, rstd },
      { rows, width, eps, offset },
      groups(rows),
    );
    return [y, rstd];
  },
};

export const rmsNormGradWebgpu: BackendKernel<RmsNormGradInputs, RmsNormGradAttrs> = {
  compute: ({ inputs: { dy, x, scale, rstd }, attrs: { offset }, backend }) => {
    const gpu = asWebgpu(backend);
    const { rows, width } = rowsOf(x);
    const { lanes, groups } = rowLayout(width);
    const dx = makeOutput(gpu, x.shape);
    dispatch(
      gpu,
      {
        key: `rms norm grad ${lanes}`,
        buffers: {
          dy: 'read f32',
          x: 'read f32',
          scale: 'read f32',
          rstd: 'read f32',
          dx: 'write f32',
        },
        uniforms: { rows: 'u32', width: 'u32', offset: 'f32' },
        code: () => `${rowFunctions(lanes)}
fn kernel(group : u32, thread : u32) {
  let row = rowAt(group, thread);
  let root = rstd[row.index];
  var product = 0.0;
  var column = row.lane;
  for (var at = row.first; at < row.end; at += lanes) {
    product += dy[at] * (scale[column] + uniforms.offset) * x[at] * root;
    column += lanes;
  }
  let along = rowSum(thread, product) / f32(uniforms.width);
  column = row.lane;
  for (var at = row.first; at < row.end; at += lanes) {
    dx[at] = root * (dy[at] * (scale[column] + uniforms.offset) - x[at] * root * along);
    column += lanes;
  }
}`,
      },
      { dy, x, scale, rstd, dx },
      { rows, width, offset },
      groups(rows),
    );
    const buffers = { dy: 'read f32', x: 'read f32', rstd: 'read f32' } as const;
    const terms = ['dy[at] * x[at] * rstd[row]'];
    return [
      dx,
      ...columnSums(gpu, { key: 'of rms norm', buffers, terms }, { dy, x, rstd }, { rows, width }),
    ];
  },
};
