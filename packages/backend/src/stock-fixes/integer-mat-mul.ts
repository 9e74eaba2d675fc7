import * as tf from '@tensorflow/tfjs-core';
import { asWebgpu, makeOutput } from '../webgpu/backend.ts';
import { dispatch, threads } from '../webgpu/dispatch.ts';
import { wrapKernel } from './registry.ts';
import { result, valuesOf } from './values.ts';

interface Product {
  /** Of what comes out. */
  readonly shape: number[];
  readonly sizes: Readonly<Record<'rows' | 'columns' | 'inner' | 'batchA' | 'batchB', number>>;
  /** How far the numbers of a matrix are apart, from one row and from one column to the next. */
  readonly steps: Readonly<Record<'aRow' | 'aColumn' | 'bRow' | 'bColumn', number>>;
}

function productOf(a: tf.TensorInfo, b: tf.TensorInfo, attrs: tf.BatchMatMulAttrs): Product {
  const [heightA = 1, widthA = 1] = a.shape.slice(-2);
  const [heightB = 1, widthB = 1] = b.shape.slice(-2);
  const [rows, inner] = attrs.transposeA ? [widthA, heightA] : [heightA, widthA];
  const [innerB, columns] = attrs.transposeB ? [widthB, heightB] : [heightB, widthB];
  tf.util.assert(
    inner === innerB,
    () =>
      `the inner sizes of [${a.shape}] and [${b.shape}] must be equal; they are ${inner} and ${innerB}`,
  );
  const [ofA, ofB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const [aRow, aColumn] = attrs.transposeA ? [1, widthA] : [widthA, 1];
  const [bRow, bColumn] = attrs.transposeB ? [1, widthB] : [widthB, 1];
  return {
    shape: [...tf.backend_util.assertAndGetBroadcastShape(ofA, ofB), rows, columns],
    sizes: {
      ...{ rows, columns, inner },
      ...{ batchA: tf.util.sizeFromShape(ofA), batchB: tf.util.sizeFromShape(ofB) },
    },
    steps: { aRow, aColumn, bRow, bColumn },
  };
}

type Call = Parameters<tf.KernelFunc>[0];

function onWasm({ inputs, attrs, backend }: Call): tf.TensorInfo {
  const { a, b } = inputs as Record<'a' | 'b', tf.TensorInfo>;
  const { shape, sizes, steps } = productOf(a, b, attrs as unknown as tf.BatchMatMulAttrs);
  const { rows, columns, inner } = sizes;
  const [as, bs] = [valuesOf(backend, a), valuesOf(backend, b)];
  const y = new Int32Array(tf.util.sizeFromShape(shape));
  for (let to = 0; to < y.length; to += columns) {
    const row = to / columns;
    const batch = Math.floor(row / rows);
    const startA = (batch % sizes.batchA) * rows * inner + (row % rows) * steps.aRow;
    const startB = (batch % sizes.batchB) * inner * columns;
    for (let k = 0; k < inner; k++) {
      const value = as[startA + k * steps.aColumn] as number;
      const from = startB + k * steps.bRow;
      for (let j = 0; j < columns; j++) {
        const product = Math.imul(value, bs[from + j * steps.bColumn] as number);
        y[to + j] = (y[to + j] as number) + product;
      }
    }
  }
  return result(backend, shape, 'int32', y);
}

function onWebgpu({ inputs, attrs, backend }: Call): tf.TensorInfo {
  const gpu = asWebgpu(backend as tf.KernelBackend);
  const { a, b } = inputs as Record<'a' | 'b', tf.TensorInfo>;
  const { shape, sizes, steps } = productOf(a, b, attrs as unknown as tf.BatchMatMulAttrs);
  const y = makeOutput(gpu, shape, 'int32');
  const uniforms = { count: tf.util.sizeFromShape(shape), ...sizes, ...steps };
  dispatch(
    gpu,
    {
      key: 'product of integers',
      buffers: { a: 'read i32', b: 'read i32', y: 'write i32' },
      uniforms: Object.fromEntries(Object.keys(uniforms).map((name) => [name, 'u32' as const])),
      code: () => `
fn kernel(group : u32, thread : u32) {
  let at = group * ${threads}u + thread;
  let u = uniforms;
  if (at >= u.count) { return; }
  let row = at / u.columns;
  let batch = row / u.rows;
  let i = (batch % u.batchA) * u.rows * u.inner + (row % u.rows) * u.aRow;
  let j = (batch % u.batchB) * u.inner * u.columns + (at % u.columns) * u.bColumn;
  var sum = 0;
  for (var k = 0u; k < u.inner; k++) { sum += a[i + k * u.aColumn] * b[j + k * u.bRow]; }
  y[at] = sum;
}`,
    },
    { a, b, y },
    uniforms,
    Math.ceil(uniforms.count / threads),
  );
  return y;
}

/** Stock, products of integers are refused on wasm, and computed in float32 on webgpu, which ends at 2^24. */
export function registerIntegerMatMul(): void {
  for (const [backendName, kernelFunc] of [
    ['wasm', onWasm],
    ['webgpu', onWebgpu],
  ] as const) {
    wrapKernel(
      'BatchMatMul',
      backendName,
      (stock) => ({
        ...stock,
        kernelFunc: (call) => {
          const { a, b } = call.inputs as Record<'a' | 'b', tf.TensorInfo>;
          const isWhole = a.dtype === 'int32' && b.dtype === 'int32';
          return isWhole ? kernelFunc(call) : stock.kernelFunc(call);
        },
      }),
      'integers',
    );
  }
}
