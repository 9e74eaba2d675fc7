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
import type {
  LayerNormAttrs,
  LayerNormGradAttrs,
  LayerNormGradInputs,
  LayerNormInputs,
} from '../types.ts';

export const layerNormWebgpu: BackendKernel<LayerNormInputs, LayerNormAttrs> = {
  compute: ({ inputs: { x, scale, bias }, attrs: { eps }, backend }) => {
    const gpu = asWebgpu(backend);
    const { rows, width } = rowsOf(x);
    const { lanes, groups } = rowLayout(width);
    const [y, mean, rstd] = [
      makeOutput(gpu, x.shape),
      makeOutput(gpu, [rows]),
      makeOutput(gpu, [rows]),
    ];
    dispatch(
      gpu,
      {
        key: `layer norm ${lanes}`,
        buffers: {
          x: 'read f32',
          scale: 'read f32',
          bias: 'read f32',
          y: 'write f32',
          mean: 'write f32',
          rstd: 'write f32',
        },
        uniforms: { rows: 'u32', width: 'u32', eps: 'f32' },
        code: () => `${rowFunctions(lanes)}
fn kernel(group : u32, thread : u32) {
  let row = rowAt(group, thread);
  var sum = 0.0;
  for (var at = row.first; at < row.end; at += lanes) { sum += x[at]; }
  let rounded = rowSum(thread, sum) / f32(uniforms.width);
  var rest = 0.0;
  for (var at = row.first; at < row.end; at += lanes) { rest += x[at] - rounded; }
  let middle = rounded + rowSum(thread, rest) / f32(uniforms.width);
  var squares = 0.0;
  for (var at = row.first; at < row.end; at += lanes) {
    let centred = x[at] - middle;
    squares += centred * centred;
  }
  let root = inverseSqrt(rowSum(thread, squares) / f32(uniforms.width) + uniforms.eps);
  var column = row.lane;
  for (var at = row.first; at < row.end; at += lanes) {
    y[at] = (x[at] - middle) * root * scale[column] + bias[column];
    column += lanes;
  }
  if (row.lane == 0u && row.index < uniforms.rows) {
    mean[row.index] = middle;
    rstd[row.index] = root;
  }
}`,
      },
      { x, scale, bias, y, mean, rstd },
      { rows, width, eps },
      groups(rows),
    );
    return [y, mean, rstd];
  },
};

export const layerNormGradWebgpu: BackendKernel<LayerNormGradInputs, LayerNormGradAttrs> = {
  compute: ({ inputs: { dy, x, scale, mean, rstd }, backend }) => {
    const gpu = asWebgpu(backend);
    const { rows, width } = rowsOf(x);
    const { lanes, groups } = rowLayout(width);
    const dx = makeOutput(gpu, x.shape);
    dispatch(
      gpu,
      {
        key: `layer norm grad ${lanes}`,
        buffers: {
          dy: 'read f32',
          x: 'read f32',
          scale: 'read f32',
          mean: 'read f32',
          rstd: 'read f32',
          dx: 'write f32',
        },
        uniforms: { rows: 'u32', width: 'u32' },
        code: () => `${rowFunctions(lanes)}
fn kernel(group : u32, thread : u32) {
  let row = rowAt(group, thread);
  let middle = mean[row.index];
  let root = rstd[row.index];
  var sum = 0.0;
  var product = 0.0;
  var column = row.lane;
  for (var at = row.first; at < row.end; at += lanes) {
    let slope = dy[at] * scale[column];
    sum += slope;
    product += slope * (x[at] - middle) * root;
    column += lanes;
  }
  let average = rowSum(thread, sum) / f32(uniforms.width);
  let along = rowSum(thread, product) / f32(uniforms.width);
  column = row.lane;
  for (var at = row.first; at < row.end; at += lanes) {
    dx[at] = root * (dy[at] * scale[column] - average - (x[at] - middle) * root * along);
    column += lanes;
  }
}`,
      },
      { dy, x, scale, mean, rstd, dx },
      { rows, width },
      groups(rows),
    );
    const buffers = {
      dy: 'read f32',
      x: 'read f32',
      mean: 'read f32',
      rstd: 'read f32',
    } as const;
    const terms = ['dy[at] * (x[at] - mean[row]) * rstd[row]', 'dy[at]'];
    return [
      dx,
      ...columnSums(
        gpu,
        { key: 'of layer norm', buffers, terms },
        { dy, x, mean, rstd },
        { rows, width },
      ),
    ];
  },
};
