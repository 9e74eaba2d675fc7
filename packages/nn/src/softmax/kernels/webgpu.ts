import type { BackendKernel } from '@neverend/backend';
import {
  asWebgpu,
  dispatch,
  makeOutput,
  powerWgsl,
  rowFunctions,
  rowLayout,
  rowsOf,
} from '@neverend/backend/kernels';
import type { SoftmaxAttrs, SoftmaxGradInputs, SoftmaxInputs } from '../types.ts';

export const softmaxWebgpu: BackendKernel<SoftmaxInputs, SoftmaxAttrs> = {
  compute: ({ inputs: { x }, backend }) => {
    const gpu = asWebgpu(backend);
    const { rows, width } = rowsOf(x);
    const { lanes, groups } = rowLayout(width);
    const y = makeOutput(gpu, x.shape);
    dispatch(
      gpu,
      {
        key: `softmax ${lanes}`,
        buffers: { x: 'read f32', y: 'write f32' },
        uniforms: { rows: 'u32', width: 'u32' },
        code: () => `${rowFunctions(lanes)}${powerWgsl}
fn kernel(group : u32, thread : u32) {
  let row = rowAt(group, thread);
  var largest = -0x1.fffffep+127f;
  for (var at = row.first; at < row.end; at += lanes) { largest = max(largest, x[at]); }
  largest = rowMax(thread, largest);
  var sum = 0.0;
  for (var at = row.first; at < row.end; at += lanes) { sum += power(x[at] - largest); }
  let share = 1.0 / rowSum(thread, sum);
  for (var at = row.first; at < row.end; at += lanes) { y[at] = power(x[at] - largest) * share; }
}`,
      },
      { x, y },
      { rows, width },
      groups(rows),
    );
    return [y];
  },
};

export const softmaxGradWebgpu: BackendKernel<SoftmaxGradInputs, SoftmaxAttrs> = {
  compute: ({ inputs: { dy, y }, backend }) => {
    const gpu = asWebgpu(backend);
    const { rows, width } = rowsOf(y);
    const { lanes, groups } = rowLayout(width);
    const dx = makeOutput(gpu, y.shape);
    dispatch(
      gpu,
      {
        key: `softmax grad ${lanes}`,
        buffers: { dy: 'read f32', y: 'read f32', dx: 'write f32' },
        uniforms: { rows: 'u32', width: 'u32' },
        code: () => `${rowFunctions(lanes)}
fn kernel(group : u32, thread : u32) {
  let row = rowAt(group, thread);
  var sum = 0.0;
  for (var at = row.first; at < row.end; at += lanes) { sum += dy[at] * y[at]; }
  sum = rowSum(thread, sum);
  for (var at = row.first; at < row.end; at += lanes) { dx[at] = y[at] * (dy[at] - sum); }
}`,
      },
      { dy, y, dx },
      { rows, width },
      groups(rows),
    );
    return [dx];
  },
};
