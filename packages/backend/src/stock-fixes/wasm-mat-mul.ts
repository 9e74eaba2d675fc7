import * as tf from '@tensorflow/tfjs-core';
import { defineKernel, type Kernel, type KernelInputs } from '../kernels/index.ts';
import { randomCase } from '../kernels/random-case.ts';
import type { WasmBackend } from '../wasm/host.ts';
import { wrapKernel } from './registry.ts';
import { type GemmActivation, gemm, isGemmActivation } from './wasm-gemm.ts';

const kernels: Readonly<Record<string, tf.KernelFunc>> = {
  BatchMatMul: matMul as unknown as tf.KernelFunc,
  _FusedMatMul: fusedMatMul as unknown as tf.KernelFunc,
};

/** The product without bias and activation that ours took the place of. */
let stockMatMul: tf.KernelFunc | undefined;

/**
 * Replaces the two matrix products of the wasm backend, where that has been imported. Stock, a fused product with a batch or a transpose
 * adds the bias once per 48 columns of `a` and clamps partial sums; products with a batch or a transpose run ten
 * times slower than without; and a second factor that was written in place since its first product is not read again.
 */
export function registerWasmMatMul(): void {
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    wrapKernel(kernelName, 'wasm', (stock) => {
      if (kernelName === 'BatchMatMul') stockMatMul = stock.kernelFunc;
      // What readies and frees the stock kernel stays, since it serves where ours may not.
      return { ...stock, kernelFunc };
    });
  }
}

interface ProductInputs extends KernelInputs {
  readonly a: tf.Tensor;
  readonly b: tf.Tensor;
  /** `[N]`; may be missing. */
  readonly bias: tf.Tensor;
}

type ProductAttrs = {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation: GemmActivation;
  readonly alpha: number;
};

const plain = { transposeA: false, transposeB: false, activation: 'linear', alpha: 0 } as const;

/** One product, with bias and activation where they are asked for; for the wasm backend, which it is called on. */
const product: Kernel<ProductInputs, ProductAttrs> = defineKernel<ProductInputs, ProductAttrs>({
  name: 'NeverendMatMul',
  composite: ({ inputs, attrs }) => {
    const wasm = tf.backend() as unknown as WasmBackend;
    const steps = new Steps(wasm, stockProduct(inputs, attrs));
    const { bias } = inputs as Partial<ProductInputs>;
    if (bias !== undefined) steps.apply('Add', (result) => ({ a: result, b: bias }));
    activate(steps, attrs.activation, attrs.alpha);
    return [tf.engine().makeTensorFromTensorInfo(steps.result)];
  },
  backendKernels: {
    wasm: {
      compute: ({ inputs, attrs, backend }) => [gemm(backend as never, { ...inputs, ...attrs })],
    },
  },
  code: import.meta.neverendCode,
  cases: [
    ...[
      [1, 1, 1],
      [1, 37, 5],
      [7, 1, 9],
      [5, 33, 1],
      [6, 37, 10],
      [67, 65, 71],
      [65_537, 1, 2],
    ].flatMap(([m = 1, k = 1, n = 1]) =>
      [false, true].flatMap((transposeA) =>
        [false, true].map((transposeB) => {
          const a = { shape: transposeA ? [k, m] : [m, k] };
          const b = { shape: transposeB ? [n, k] : [k, n] };
          return randomCase({ a, b }, { ...plain, transposeA, transposeB });
        }),
      ),
    ),
    ...(['linear', 'relu', 'relu6', 'leakyrelu'] as const).map((activation) =>
      randomCase(
        { a: { shape: [3, 13, 50] }, b: { shape: [1, 50, 11] }, bias: { shape: [11] } },
        { ...plain, activation, alpha: 0.2 },
      ),
    ),
  ],
  // The kernels that it serves are counted by their own names.
  flops: () => 0,
});

function stockProduct(
  { a, b }: ProductInputs,
  { transposeA, transposeB }: ProductAttrs,
): tf.TensorInfo {
  if (stockMatMul === undefined) throw new Error('the wasm backend has no kernel BatchMatMul');
  const attrs = { transposeA, transposeB };
  return stockMatMul({ inputs: { a, b }, backend: tf.backend(), attrs }) as tf.TensorInfo;
}

interface Arguments<Inputs, Attributes> {
  readonly inputs: Inputs;
  readonly backend: WasmBackend;
  readonly attrs: Attributes;
}

function matMul({
  inputs: { a, b },
  attrs: { transposeA, transposeB },
}: Arguments<{ a: tf.TensorInfo; b: tf.TensorInfo }, tf.BatchMatMulAttrs>): tf.TensorInfo {
  refuseIntegers('matMul', a, b);
  return compute({ a, b }, { ...plain, transposeA, transposeB });
}

interface FusedInputs {
  readonly a: tf.TensorInfo;
  readonly b: tf.TensorInfo;
  readonly bias?: tf.TensorInfo;
  readonly preluActivationWeights?: tf.TensorInfo;
}

function fusedMatMul({
  inputs: { a, b, bias, preluActivationWeights },
  backend,
  attrs: { transposeA, transposeB, activation, leakyreluAlpha },
}: Arguments<FusedInputs, tf._FusedMatMulAttrs>): tf.TensorInfo {
  refuseIntegers('fused matMul', a, b);
  const columns = b.shape.at(transposeB ? -2 : -1);
  // A product of one column is faster without.
  const row = columns !== 1 && bias != null && tf.util.arraysEqual(bias.shape, [columns ?? 0]);
  const oneStep = isGemmActivation(activation) && (bias == null || row);
  const first = compute(
    { a, b, ...(row ? { bias } : {}) },
    {
      ...{ transposeA, transposeB },
      ...(oneStep
        ? { activation, alpha: leakyreluAlpha ?? 0 }
        : { activation: 'linear', alpha: 0 }),
    },
  );
  if (oneStep) return first;

  // What the kernel does not do is done after it, by the operations of the same name.
  const steps = new Steps(backend, first);
  if (bias != null && !row) {
    const shape = tf.broadcast_util.assertAndGetBroadcastShape(first.shape, bias.shape);
    tf.util.assert(
      tf.util.arraysEqual(shape, first.shape),
      () => `the bias [${bias.shape}] of fused matMul must broadcast to [${first.shape}]`,
    );
    steps.apply('Add', (result) => ({ a: result, b: bias }));
  }
  if (activation === 'prelu') {
    tf.util.assert(
      preluActivationWeights != null,
      () => 'preluActivationWeights of fused matMul must be given with the activation prelu',
    );
    const alpha = preluActivationWeights as tf.TensorInfo;
    steps.apply('Prelu', (x) => ({ x, alpha }));
  } else activate(steps, activation, leakyreluAlpha ?? 0);
  return steps.result;
}

function compute(
  inputs: { readonly a: tf.TensorInfo; readonly b: tf.TensorInfo; readonly bias?: tf.TensorInfo },
  attrs: ProductAttrs,
): tf.TensorInfo {
  return product.compute(inputs as Required<typeof inputs>, attrs)[0] as tf.TensorInfo;
}

function activate(
  steps: Steps,
  activation: Exclude<tf.backend_util.Activation, 'prelu'>,
  alpha: number,
): void {
  if (activation === 'linear') return;
  const kernel = {
    ...{ relu: 'Relu', relu6: 'Relu6', elu: 'Elu', sigmoid: 'Sigmoid', leakyrelu: 'LeakyRelu' },
  }[activation];
  steps.apply(kernel, (x) => ({ x }), activation === 'leakyrelu' ? { alpha } : {});
}

/** Kernels of the wasm backend one after the other, each on the result of the one before, which it frees. */
class Steps {
  readonly #backend: WasmBackend;
  #result: tf.TensorInfo;

  constructor(backend: WasmBackend, first: tf.TensorInfo) {
    this.#backend = backend;
    this.#result = first;
  }

  get result(): tf.TensorInfo {
    return this.#result;
  }

  apply(
    name: string,
    inputs: (result: tf.TensorInfo) => Record<string, tf.TensorInfo>,
    attrs: tf.NamedAttrMap = {},
  ): void {
    const kernel = tf.getKernel(name, 'wasm');
    if (kernel === undefined) throw new Error(`the wasm backend has no kernel ${name}`);
    const before = this.#result;
    const call = { inputs: inputs(before), backend: this.#backend, attrs };
    this.#result = kernel.kernelFunc(call) as tf.TensorInfo;
    this.#backend.disposeData(before.dataId);
  }
}

function refuseIntegers(name: string, a: tf.TensorInfo, b: tf.TensorInfo): void {
  tf.util.assert(
    a.dtype === 'float32' && b.dtype === 'float32',
    () => `a and b of ${name} must be float32 on wasm, and were ${a.dtype} and ${b.dtype}`,
  );
}
