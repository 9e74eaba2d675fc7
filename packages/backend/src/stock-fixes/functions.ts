import * as tf from '@tensorflow/tfjs-core';
import { composite, type RunStock } from './composite.ts';
import { wrapKernel } from './registry.ts';
import { result, valuesOf } from './values.ts';
import { preciseFunctions } from './webgpu-functions.ts';
import { rewrite, withPrograms } from './webgpu-programs.ts';

/** erf(x) / x by powers of x² for |x| <= 1, from the highest (S. L. Moshier, Cephes, erff). */
const erfPowers = [
  ...[7.853861353153693e-5, -8.010193625184903e-4, 5.188327685732524e-3, -2.685381193529856e-2],
  ...[0.1128358514861418, -0.37612625824223, 1.12837916572671],
];

function erf(x: number): number {
  const a = Math.abs(x);
  if (!(a > 1)) return x * erfPowers.reduce((sum, power) => sum * x * x + power, 0);
  const { ERF_P: p, ERF_A1, ERF_A2, ERF_A3, ERF_A4, ERF_A5 } = tf.backend_util;
  const t = 1 / (1 + p * a);
  const rest = [ERF_A5, ERF_A4, ERF_A3, ERF_A2, ERF_A1].reduce((sum, c) => (sum + c) * t, 0);
  return Math.sign(x) * (1 - rest * Math.exp(-a * a));
}

const { SELU_SCALE, SELU_SCALEALPHA } = tf.backend_util;

const elu = (x: number): number => (x < 0 ? Math.expm1(x) : x);
const selu = (x: number): number => (x < 0 ? SELU_SCALEALPHA * Math.expm1(x) : SELU_SCALE * x);

/** What is computed in float64. Other functions of these backends are right. */
const inJavaScript: Readonly<Record<string, Readonly<Record<string, (x: number) => number>>>> = {
  cpu: { Erf: erf, Elu: elu, Selu: selu },
  // Stock takes twice as long for a sine.
  wasm: { Log1p: Math.log1p, Sin: Math.sin },
};

/** elu, as max(x, 0) + expm1(min(x, 0)), one of which is 0. */
function eluOf(runStock: RunStock, x: tf.TensorInfo): tf.TensorInfo {
  const zero = runStock('Fill', {}, { shape: [], value: 0, dtype: 'float32' });
  const below = runStock('Expm1', { x: runStock('Minimum', { a: x, b: zero }) });
  return runStock('Add', { a: runStock('Relu', { x }), b: below });
}

/** selu, with both sides of 0 scaled by a constant of their own. */
function seluOf(runStock: RunStock, x: tf.TensorInfo): tf.TensorInfo {
  const constant = (value: number) => runStock('Fill', {}, { shape: [], value, dtype: 'float32' });
  const below = runStock('Expm1', { x: runStock('Minimum', { a: x, b: constant(0) }) });
  return runStock('Add', {
    a: runStock('Multiply', { a: runStock('Relu', { x }), b: constant(SELU_SCALE) }),
    b: runStock('Multiply', { a: below, b: constant(SELU_SCALEALPHA) }),
  });
}

/** selu on wasm, whose elu keeps its digits: with a slope of its own below 0. */
function seluOfElu(runStock: RunStock, x: tf.TensorInfo): tf.TensorInfo {
  const alpha = SELU_SCALEALPHA / SELU_SCALE;
  const sloped = runStock('LeakyRelu', { x: runStock('Elu', { x }) }, { alpha });
  const scale = runStock('Fill', {}, { shape: [], value: SELU_SCALE, dtype: 'float32' });
  return runStock('Multiply', { a: sloped, b: scale });
}

/** prelu, as max(x, 0) + alpha min(x, 0); stock has the difference of x and |x|, which is NaN for infinity. */
function preluOf(runStock: RunStock, x: tf.TensorInfo, alpha?: tf.TensorInfo): tf.TensorInfo {
  const zero = runStock('Fill', {}, { shape: [], value: 0, dtype: 'float32' });
  const below = runStock('Minimum', { a: x, b: zero });
  const sloped = runStock('Multiply', { a: alpha as tf.TensorInfo, b: below });
  return runStock('Add', { a: runStock('Relu', { x }), b: sloped });
}

/**
 * Stock, functions that are near 0, or whose terms nearly cancel, lose their digits in float32: log(exp(x) + 1), exp(x) - 1, log(1 + x). At -10 softplus
 * is off by 4e-4 on webgpu.
 */
export function registerFunctions(): void {
  for (const [backendName, functions] of Object.entries(inJavaScript)) {
    for (const [name, f] of Object.entries(functions)) {
      wrapKernel(name, backendName, (stock) => ({
        ...stock,
        kernelFunc: ({ inputs, backend }) => {
          const { x } = inputs as Record<'x', tf.TensorInfo>;
          const values = valuesOf(backend, x);
          const mapped = new Float32Array(values.length);
          for (let i = 0; i < mapped.length; i++) mapped[i] = f(values[i] as number);
          return result(backend, x.shape, 'float32', mapped);
        },
      }));
    }
  }
  for (const [name, backendName, f] of [
    ['Elu', 'tensorflow', eluOf],
    ['Selu', 'tensorflow', seluOf],
    ['Prelu', 'tensorflow', preluOf],
    ['Selu', 'wasm', seluOfElu],
  ] as const) {
    wrapKernel(name, backendName, (stock) => ({
      ...stock,
      kernelFunc: (call) => {
        const { x, alpha } = call.inputs as Record<'x' | 'alpha', tf.TensorInfo>;
        return composite(call.backend as tf.KernelBackend, backendName, (runStock) =>
          f(runStock, x, alpha),
        );
      },
    }));
  }
  for (const [name, code] of Object.entries(preciseFunctions)) {
    wrapKernel(name, 'webgpu', (stock) => ({
      ...stock,
      kernelFunc: (call) =>
        withPrograms(
          call.backend,
          (program) => rewrite(program, 'mended', (stockCode) => precise(stockCode, code)),
          () => stock.kernelFunc(call),
        ),
    }));
  }
}

function precise(stockCode: string, code: string): string {
  const applied = 'unaryOperation(a));';
  if (!stockCode.includes(applied)) throw new Error('the code of a unary program is not as known');
  return code + stockCode.replace(applied, 'mended(a));');
}
