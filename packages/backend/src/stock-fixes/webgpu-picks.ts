import * as tf from '@tensorflow/tfjs-core';
import { asWebgpu, makeOutput, type WebgpuBackend } from '../webgpu/backend.ts';
import { dispatch, threads } from '../webgpu/dispatch.ts';
import { wrapKernel } from './registry.ts';

type Call = Parameters<tf.KernelFunc>[0];
type DType = 'float32' | 'int32' | 'bool';
type Inputs<Name extends string> = Readonly<Record<Name, tf.TensorInfo>>;

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
const typeOf = ({ dtype }: Pick<tf.TensorInfo, 'dtype'>) => (dtype === 'float32' ? 'f32' : 'i32');

/** A number of y for each thread: what `value`, WGSL that knows `at`, makes of the inputs. */
function pick(
  gpu: WebgpuBackend,
  y: tf.TensorInfo,
  name: string,
  inputs: Readonly<Record<string, tf.TensorInfo>>,
  uniforms: Readonly<Record<string, number>>,
  value: string,
): tf.TensorInfo {
  const count = sizeOf(y.shape);
  const names = ['count', ...Object.keys(uniforms)];
  const types = Object.entries(inputs).map(
    ([key, input]) => [key, `read ${typeOf(input)}`] as const,
  );
  dispatch(
    gpu,
    {
      key: [name, typeOf(y), ...types.map(([, type]) => type)].join(' '),
      buffers: { ...Object.fromEntries(types), y: `write ${typeOf(y)}` as const },
      uniforms: Object.fromEntries(names.map((key) => [key, 'u32' as const])),
      code: () => `
fn kernel(group : u32, thread : u32) {
  let at = group * ${threads}u + thread;
  if (at >= uniforms.count) { return; }
${value}
}`,
    },
    { ...inputs, y } as Record<string, tf.TensorInfo>,
    { count, ...uniforms },
    Math.ceil(count / threads),
  );
  return y;
}

/** Rows by their indices, 0 where there is no such row. */
function gather(gpu: WebgpuBackend, call: Call): tf.TensorInfo {
  const { x, indices } = call.inputs as Inputs<'x' | 'indices'>;
  const { axis, batchDims } = call.attrs as unknown as tf.GatherV2Attrs;
  const [place = 0] = tf.util.parseAxisParam(axis, [...x.shape]);
  const { collectGatherOpShapeInfo } = tf.backend_util.segment_util;
  const info = collectGatherOpShapeInfo(x as tf.Tensor, indices as tf.Tensor, place, batchDims);
  const y = makeOutput(gpu, info.outputShape, x.dtype as DType);
  const picks = sizeOf(indices.shape) / info.batchSize;
  const uniforms = { width: info.sliceSize, picks, outer: info.outerSize, rows: info.dimSize };
  return pick(
    gpu,
    y,
    'gathers',
    { x, indices },
    uniforms,
    `
  let column = at % uniforms.width;
  let row = at / uniforms.width;
  let outer = row / uniforms.picks;
  let index = u32(indices[(outer / uniforms.outer) * uniforms.picks + row % uniforms.picks]);
  let known = index < uniforms.rows;
  y[at] = select(${typeOf(x)}(0), x[select(0u, (outer * uniforms.rows + index) * uniforms.width + column, known)], known);`,
  );
}

const axes = [...Array(6).keys()];

/** Numbers, or rows of them, by the places that each row of indices names. */
function gatherNd(gpu: WebgpuBackend, call: Call): tf.TensorInfo {
  const { params, indices } = call.inputs as Inputs<'params' | 'indices'>;
  const [shape, , width, steps] = tf.backend_util.prepareAndValidate(
    params as tf.Tensor,
    indices as tf.Tensor,
  );
  const y = makeOutput(gpu, shape, params.dtype as DType);
  const uniforms = {
    ...{ width, depth: indices.shape.at(-1) ?? 1 },
    ...Object.fromEntries(axes.map((axis) => [`step${axis}`, steps[axis] ?? 0])),
  };
  return pick(
    gpu,
    y,
    'gathers places',
    { params, indices },
    uniforms,
    `
  let steps = array<u32, 6>(${axes.map((axis) => `uniforms.step${axis}`).join(', ')});
  var row = 0u;
  for (var j = 0u; j < uniforms.depth; j++) {
    row += u32(indices[at / uniforms.width * uniforms.depth + j]) * steps[j];
  }
  y[at] = params[row * uniforms.width + at % uniforms.width];`,
  );
}

/** Of t where the condition holds, of e elsewhere; a condition of one axis is one of rows. */
function select(gpu: WebgpuBackend, call: Call): tf.TensorInfo {
  const { condition, t, e } = call.inputs as Inputs<'condition' | 't' | 'e'>;
  const y = makeOutput(gpu, t.shape, t.dtype as DType);
  const width = sizeOf(t.shape) / Math.max(1, sizeOf(condition.shape));
  return pick(
    gpu,
    y,
    'selects',
    { condition, t, e },
    { width },
    `
  y[at] = select(e[at], t[at], condition[at / uniforms.width] != 0);`,
  );
}

function fill(gpu: WebgpuBackend, call: Call): tf.TensorInfo {
  const { shape, value } = call.attrs as unknown as { shape: number[]; value: number };
  const y = makeOutput(gpu, shape, 'int32');
  return pick(gpu, y, 'fills', {}, { value: value >>> 0 }, 'y[at] = i32(uniforms.value);');
}

const isWhole = (x: tf.TensorInfo): boolean => x.dtype === 'int32' || x.dtype === 'bool';

interface Picker {
  readonly work: (gpu: WebgpuBackend, call: Call) => tf.TensorInfo;
  /** Whether stock is wrong. */
  readonly when: (call: Call, gpu: WebgpuBackend) => boolean;
}

const inputOf = (call: Call, name: string): tf.TensorInfo => call.inputs[name] as tf.TensorInfo;

const pickers: Readonly<Record<string, Picker>> = {
  GatherV2: {
    work: gather,
    when: (call, gpu) =>
      isWhole(inputOf(call, 'x')) &&
      inputOf(call, 'indices').dtype === 'int32' &&
      !gpu.shouldExecuteOnCPU([inputOf(call, 'x'), inputOf(call, 'indices')]),
  },
  GatherNd: {
    work: gatherNd,
    when: (call, gpu) =>
      isWhole(inputOf(call, 'params')) &&
      inputOf(call, 'indices').dtype === 'int32' &&
      !gpu.shouldExecuteOnCPU([inputOf(call, 'params'), inputOf(call, 'indices')]),
  },
  Select: {
    work: select,
    when: (call) => {
      const [condition, t, e] = ['condition', 't', 'e'].map((name) => inputOf(call, name));
      if (condition?.dtype !== 'bool' || t === undefined || t.dtype !== e?.dtype) return false;
      return isWhole(t) || (t.dtype === 'float32' && t.shape.length > 4);
    },
  },
  Fill: {
    work: fill,
    when: (call) => (call.attrs as { dtype?: string } | undefined)?.dtype === 'int32',
  },
};

/** Stock, integers come by way of float32, which ends at 2^24, and `where` has four axes at most. */
export function registerWebgpuPicks(): void {
  for (const [name, { work, when }] of Object.entries(pickers)) {
    wrapKernel(
      name,
      'webgpu',
      (stock) => ({
        ...stock,
        kernelFunc: (call) => {
          const gpu = asWebgpu(call.backend as tf.KernelBackend);
          return when(call, gpu) ? work(gpu, call) : stock.kernelFunc(call);
        },
      }),
      'picks',
    );
  }
}
