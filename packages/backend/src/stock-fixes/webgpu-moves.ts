import * as tf from '@tensorflow/tfjs-core';
import { asWebgpu, makeOutput, type WebgpuBackend } from '../webgpu/backend.ts';
import { dispatch, threads } from '../webgpu/dispatch.ts';
import { composite } from './composite.ts';
import { wrapKernel } from './registry.ts';

/** TensorFlow.js has tensors of up to so many axes. */
const mostAxes = 6;

/** Numbers of x that go to places of y: a box, with how far its numbers are apart along each axis, in x and in y. */
interface Move {
  readonly sizes: readonly number[];
  readonly from: { readonly start: number; readonly steps: readonly number[] };
  readonly to: { readonly start: number; readonly steps: readonly number[] };
  /** Along each axis x repeats itself after so many. */
  readonly period?: readonly number[];
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
const stepsOf = (shape: readonly number[]): number[] =>
  shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
const at = (places: readonly number[], steps: readonly number[]): number =>
  places.reduce((sum, place, axis) => sum + place * (steps[axis] ?? 0), 0);
const whole = (shape: readonly number[]) => ({ start: 0, steps: stepsOf(shape) });

const each = (name: string): string[] => Array.from({ length: mostAxes }, (_, axis) => name + axis);
const uniformNames = ['count', 'first', 'place', ...['size', 'period', 'a', 'b'].flatMap(each)];

/** Moves numbers as they are. Negative steps are what they are modulo 2^32. */
function move(gpu: WebgpuBackend, x: tf.TensorInfo, y: tf.TensorInfo, moved: Move): void {
  const { sizes, from, to, period = sizes } = moved;
  if (sizes.length > mostAxes)
    throw new Error(`a tensor has ${sizes.length} axes; ${mostAxes} are the most`);
  const padded = (numbers: readonly number[], missing: number) => [
    ...Array<number>(mostAxes - numbers.length).fill(missing),
    ...numbers.map((value) => value >>> 0),
  ];
  const count = sizeOf(sizes);
  const numbers = [
    ...[count, from.start, to.start, ...padded(sizes, 1), ...padded(period, 1)],
    ...[...padded(from.steps, 0), ...padded(to.steps, 0)],
  ];
  const type = x.dtype === 'float32' ? 'f32' : 'i32';
  dispatch(
    gpu,
    {
      key: `moves ${type}`,
      buffers: { x: `read ${type}`, y: `write ${type}` },
      uniforms: Object.fromEntries(uniformNames.map((name) => [name, 'u32' as const])),
      code: () => `
fn kernel(group : u32, thread : u32) {
  let at = group * ${threads}u + thread;
  if (at >= uniforms.count) { return; }
  var rest = at;
  var i = uniforms.first;
  var j = uniforms.place;
${[...Array(mostAxes).keys()]
  .reverse()
  .map(
    (axis) => `  { let place = rest % uniforms.size${axis}; rest /= uniforms.size${axis};
    i += (place % uniforms.period${axis}) * uniforms.a${axis}; j += place * uniforms.b${axis}; }`,
  )
  .join('\n')}
  y[j] = x[i];
}`,
    },
    { x, y },
    Object.fromEntries(uniformNames.map((name, index) => [name, numbers[index] ?? 0])),
    Math.ceil(count / threads),
  );
}

type Call = Parameters<tf.KernelFunc>[0];
type Made = tf.TensorInfo | tf.TensorInfo[];
type DType = 'float32' | 'int32' | 'bool';

/** A tensor out of moves. */
function moves(
  gpu: WebgpuBackend,
  shape: readonly number[],
  dtype: tf.DataType,
  parts: readonly (readonly [x: tf.TensorInfo, moved: Move])[],
): tf.TensorInfo {
  const y = makeOutput(gpu, shape, dtype as DType);
  for (const [x, moved] of parts) move(gpu, x, y, moved);
  return y;
}

function sliced(
  gpu: WebgpuBackend,
  x: tf.TensorInfo,
  begin: readonly number[],
  sizes: readonly number[],
  {
    shape = sizes,
    strides = sizes.map(() => 1),
  }: { shape?: readonly number[]; strides?: readonly number[] } = {},
): tf.TensorInfo {
  const steps = stepsOf(x.shape);
  const from = {
    start: at(begin, steps),
    steps: steps.map((step, axis) => step * (strides[axis] ?? 1)),
  };
  return moves(gpu, shape, x.dtype, [[x, { sizes, from, to: whole(sizes) }]]);
}

/** Parts of x that follow each other along an axis. */
function split(
  gpu: WebgpuBackend,
  x: tf.TensorInfo,
  axis: number,
  lengths: readonly number[],
  shape?: readonly number[],
): tf.TensorInfo[] {
  let start = 0;
  return lengths.map((length) => {
    const begin = x.shape.map((_, index) => (index === axis ? start : 0));
    const sizes = x.shape.map((n, index) => (index === axis ? length : n));
    start += length;
    return sliced(gpu, x, begin, sizes, shape === undefined ? {} : { shape });
  });
}

/** Tensors beside each other along an axis. */
function joined(
  gpu: WebgpuBackend,
  xs: readonly tf.TensorInfo[],
  shapes: readonly number[][],
  axis: number,
): tf.TensorInfo {
  const shape = tf.backend_util.computeOutShape(shapes as number[][], axis);
  const steps = stepsOf(shape);
  let start = 0;
  const parts = xs.map((x, index): [tf.TensorInfo, Move] => {
    const sizes = shapes[index] as number[];
    const to = { start: start * (steps[axis] ?? 0), steps };
    start += sizes[axis] ?? 0;
    return [x, { sizes, from: whole(sizes), to }];
  });
  return moves(gpu, shape, xs[0]?.dtype ?? 'float32', parts);
}

/** One axis with its numbers before and behind it once more, from the ends inwards. */
function mirrored(
  gpu: WebgpuBackend,
  x: tf.TensorInfo,
  axis: number,
  [before = 0, after = 0]: readonly number[],
  mode: 'reflect' | 'symmetric',
): tf.TensorInfo {
  const length = x.shape[axis] ?? 1;
  const shape = x.shape.map((n, index) => (index === axis ? before + n + after : n));
  const [read, write] = [stepsOf(x.shape), stepsOf(shape)];
  const [step, out] = [read[axis] ?? 0, write[axis] ?? 0];
  const skipped = mode === 'reflect' ? 1 : 0;
  const part = (
    count: number,
    first: number,
    way: 1 | -1,
    place: number,
  ): [tf.TensorInfo, Move] => [
    x,
    {
      sizes: x.shape.map((n, index) => (index === axis ? count : n)),
      from: { start: first * step, steps: read.map((s, index) => (index === axis ? s * way : s)) },
      to: { start: place * out, steps: write },
    },
  ];
  return moves(
    gpu,
    shape,
    x.dtype,
    [
      part(before, before - 1 + skipped, -1, 0),
      part(length, 0, 1, before),
      part(after, length - 1 - skipped, -1, before + length),
    ].filter(([, { sizes }]) => sizeOf(sizes) > 0),
  );
}

const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** What moves numbers, or undefined where the stock kernel moves none. */
type Mover = (gpu: WebgpuBackend, call: Call) => Made | undefined;

const x = (call: Call): tf.TensorInfo => (call.inputs as Record<'x', tf.TensorInfo>).x;
const listed = (call: Call): tf.TensorInfo[] => call.inputs as unknown as tf.TensorInfo[];

const movers: Readonly<Record<string, Mover>> = {
  Slice: (gpu, call) => {
    const { begin, size } = call.attrs as unknown as tf.SliceAttrs;
    const [first = [], sizes = []] = tf.slice_util.parseSliceParams(
      x(call) as tf.Tensor,
      begin,
      size,
    );
    tf.slice_util.assertParamsValid(x(call) as tf.Tensor, first, sizes);
    return sliced(gpu, x(call), first, sizes);
  },
  StridedSlice: (gpu, call) => {
    const { begin, end, strides, ...masks } = call.attrs as unknown as tf.StridedSliceAttrs;
    const { beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = masks;
    const info = tf.slice_util.sliceInfo(
      [...x(call).shape],
      ...[begin, end, strides],
      ...[beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask],
    );
    if (info.isIdentity) return undefined;
    const sizes = tf.slice_util.computeOutShape(info.begin, info.end, info.strides);
    return sliced(gpu, x(call), info.begin, sizes, {
      shape: info.finalShape,
      strides: info.strides,
    });
  },
  SplitV: (gpu, call) => {
    const { numOrSizeSplits, axis } = call.attrs as unknown as tf.SplitVAttrs;
    const [place = 0] = tf.util.parseAxisParam(axis, [...x(call).shape]);
    const lengths = tf.backend_util.prepareSplitSize(x(call) as tf.Tensor, numOrSizeSplits, place);
    return split(gpu, x(call), place, lengths);
  },
  Unpack: (gpu, call) => {
    const { value } = call.inputs as Record<'value', tf.TensorInfo>;
    const axis = axisOf((call.attrs as unknown as tf.UnpackAttrs).axis, value.shape.length);
    const shape = value.shape.filter((_, index) => index !== axis);
    return split(gpu, value, axis, Array<number>(value.shape[axis] ?? 0).fill(1), shape);
  },
  Concat: (gpu, call) => {
    const xs = listed(call);
    const shapes = xs.map(({ shape }) => [...shape]);
    const [axis = 0] = tf.util.parseAxisParam((call.attrs as unknown as tf.ConcatAttrs).axis, [
      ...(shapes[0] ?? []),
    ]);
    tf.backend_util.assertParamsConsistent(shapes, axis);
    return xs.filter(({ shape }) => sizeOf(shape) > 0).length < 2
      ? undefined
      : joined(gpu, xs, shapes, axis);
  },
  Pack: (gpu, call) => {
    const xs = listed(call);
    if (xs.length === 1) return undefined;
    const rank = (xs[0]?.shape.length ?? 0) + 1;
    const axis = axisOf((call.attrs as unknown as tf.PackAttrs).axis, rank);
    const shapes = xs.map(({ shape }) => [...shape.slice(0, axis), 1, ...shape.slice(axis)]);
    return joined(gpu, xs, shapes, axis);
  },
  Tile: (gpu, call) => {
    const { reps } = call.attrs as unknown as tf.TileAttrs;
    const { shape, dtype } = x(call);
    const sizes = shape.map((n, axis) => n * (reps[axis] ?? 1));
    const moved = { sizes, period: shape, from: whole(shape), to: whole(sizes) };
    return moves(gpu, sizes, dtype, [[x(call), moved]]);
  },
  Reverse: (gpu, call) => {
    const { shape, dtype } = x(call);
    const axes = tf.util.parseAxisParam((call.attrs as unknown as tf.ReverseAttrs).dims, [
      ...shape,
    ]);
    if (shape.length === 0) return undefined;
    const steps = stepsOf(shape);
    const start = at(
      axes.map((axis) => (shape[axis] ?? 1) - 1),
      axes.map((axis) => steps[axis] ?? 0),
    );
    const from = { start, steps: steps.map((step, axis) => (axes.includes(axis) ? -step : step)) };
    return moves(gpu, shape, dtype, [[x(call), { sizes: shape, from, to: whole(shape) }]]);
  },
  PadV2: (gpu, call) => {
    const { paddings, constantValue } = call.attrs as unknown as tf.PadV2Attrs;
    const { shape, dtype } = x(call);
    if (paddings.every(([before, after]) => before === 0 && after === 0) || sizeOf(shape) === 0)
      return undefined;
    const padded = shape.map(
      (n, axis) => n + (paddings[axis]?.[0] ?? 0) + (paddings[axis]?.[1] ?? 0),
    );
    return composite(call.backend as tf.KernelBackend, 'webgpu', (runStock) => {
      const y = runStock('Fill', {}, { shape: padded, value: constantValue, dtype });
      const steps = stepsOf(padded);
      const start = at(
        paddings.map(([before]) => before),
        steps,
      );
      move(gpu, x(call), y, { sizes: shape, from: whole(shape), to: { start, steps } });
      return y;
    });
  },
  MirrorPad: (gpu, call) => {
    const { paddings, mode } = call.attrs as unknown as tf.MirrorPadAttrs;
    let y = x(call);
    for (const [axis, widths] of paddings.entries()) {
      if (widths[0] === 0 && widths[1] === 0) continue;
      const before = y;
      y = mirrored(gpu, before, axis, widths, mode);
      if (before !== x(call)) gpu.disposeData(before.dataId);
    }
    return y === x(call) ? undefined : y;
  },
  BatchToSpaceND: (_, call) => {
    const { blockShape, crops } = call.attrs as unknown as tf.BatchToSpaceNDAttrs;
    const { backend_util: blocks } = tf;
    const [shape, depth, count] = [[...x(call).shape], blockShape.length, sizeOf(blockShape)];
    const reshaped = blocks.getReshaped(shape, blockShape, count);
    const flat = blocks.getReshapedPermuted(shape, blockShape, count);
    const begin = blocks.getSliceBeginCoords(crops, depth);
    return composite(call.backend as tf.KernelBackend, 'webgpu', (runStock) => {
      const parts = runStock('Reshape', { x: x(call) }, { shape: reshaped });
      const perm = blocks.getPermuted(reshaped.length, depth);
      const turned = runStock('Transpose', { x: parts }, { perm });
      const images = runStock('Reshape', { x: turned }, { shape: flat });
      const size = blocks.getSliceSize(flat, crops, depth);
      return runStock('Slice', { x: images }, { begin, size });
    });
  },
  SpaceToBatchND: (_, call) => {
    const { blockShape, paddings } = call.attrs as unknown as tf.SpaceToBatchNDAttrs;
    const { backend_util: blocks } = tf;
    const [shape, depth, count] = [x(call).shape, blockShape.length, sizeOf(blockShape)];
    const widths = shape.map((_size, axis) => paddings[axis - 1] ?? [0, 0]);
    const padded = shape.map((size, axis) => size + sizeOfPads(widths[axis]));
    const reshaped = blocks.getReshaped(padded, blockShape, count, false);
    return composite(call.backend as tf.KernelBackend, 'webgpu', (runStock) => {
      const attrs = { paddings: widths as unknown as number[], constantValue: 0 };
      const images = runStock('PadV2', { x: x(call) }, attrs);
      const parts = runStock('Reshape', { x: images }, { shape: reshaped });
      const perm = blocks.getPermuted(reshaped.length, depth, false);
      const turned = runStock('Transpose', { x: parts }, { perm });
      const flat = blocks.getReshapedPermuted(padded, blockShape, count, false);
      return runStock('Reshape', { x: turned }, { shape: flat });
    });
  },
};

const sizeOfPads = (pads: readonly number[] | undefined): number =>
  (pads?.[0] ?? 0) + (pads?.[1] ?? 0);

/** These compute small tensors in JavaScript, which stock ones do right. */
const onCpu = new Set(['Slice', 'StridedSlice', 'SplitV', 'Unpack', 'Concat', 'Pack', 'Tile']);

const exact =
  (mover: Mover) =>
  (stock: tf.KernelConfig): tf.KernelConfig => ({
    ...stock,
    kernelFunc: (call) => {
      const inputs = Object.values(call.inputs) as tf.TensorInfo[];
      const gpu = asWebgpu(call.backend as tf.KernelBackend);
      // Stock programs have float32 of four axes at most.
      const isStock =
        inputs.some(({ dtype }) => dtype === 'string' || dtype === 'complex64') ||
        inputs.every(({ dtype, shape }) => dtype === 'float32' && shape.length <= 4) ||
        (onCpu.has(stock.kernelName) && gpu.shouldExecuteOnCPU(inputs));
      return (isStock ? undefined : mover(gpu, call)) ?? stock.kernelFunc(call);
    },
  });

/**
 * Stock, webgpu moves integers by way of float32, which ends at 2^24, and its programs for tensors of five axes or more do not compile, or
 * wait for the GPU: what comes out is what the memory held before.
 */
export function registerWebgpuMoves(): void {
  for (const [name, mover] of Object.entries(movers)) {
    wrapKernel(name, 'webgpu', exact(mover), 'moves');
  }
}
