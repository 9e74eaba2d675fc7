import {
  type BatchMatMulAttrs,
  broadcast_util,
  type _FusedMatMulAttrs as FusedMatMulAttrs,
  getKernel,
  type KernelConfig,
  type KernelFunc,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
  util,
} from '@tensorflow/tfjs-core';
import { gemm, isGemmActivation } from '../wasm/gemm.ts';
import type { WasmBackend } from '../wasm/host.ts';

const kernels: Readonly<Record<string, KernelFunc>> = {
  BatchMatMul: matMul as unknown as KernelFunc,
  _FusedMatMul: fusedMatMul as unknown as KernelFunc,
};

/**
 * Replaces the two matrix products of the wasm backend, where that has been imported. Stock, a fused product with a batch or a transpose
 * adds the bias once per 48 columns of `a` and clamps partial sums; products with a batch or a transpose run ten
 * times slower than without; and a second factor that was written in place since its first product is not read again.
 */
export function registerWasmMatMul(): void {
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    const current: KernelConfig | undefined = getKernel(kernelName, 'wasm');
    if (current === undefined || current.kernelFunc === kernelFunc) continue;
    // Registering over a kernel logs a warning.
    unregisterKernel(kernelName, 'wasm');
    registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
  }
}

interface Arguments<Inputs, Attributes> {
  readonly inputs: Inputs;
  readonly backend: WasmBackend;
  readonly attrs: Attributes;
}

function matMul({
  inputs: { a, b },
  backend,
  attrs: { transposeA, transposeB },
}: Arguments<{ a: TensorInfo; b: TensorInfo }, BatchMatMulAttrs>): TensorInfo {
  refuseIntegers('matMul', a, b);
  return gemm(backend, { a, b, transposeA, transposeB });
}

interface FusedInputs {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
  readonly bias?: TensorInfo;
  readonly preluActivationWeights?: TensorInfo;
}

function fusedMatMul({
  inputs: { a, b, bias, preluActivationWeights },
  backend,
  attrs: { transposeA, transposeB, activation, leakyreluAlpha },
}: Arguments<FusedInputs, FusedMatMulAttrs>): TensorInfo {
  refuseIntegers('fused matMul', a, b);
  const columns = b.shape.at(transposeB ? -2 : -1);
  // A product of one column is faster without.
  const row = columns !== 1 && bias != null && util.arraysEqual(bias.shape, [columns ?? 0]);
  const oneStep = isGemmActivation(activation) && (bias == null || row);
  let result = gemm(backend, {
    ...{ a, b, transposeA, transposeB },
    ...(row ? { bias } : {}),
    ...(oneStep ? { activation, alpha: leakyreluAlpha } : {}),
  });
  if (oneStep) return result;

  // What the kernel does not do is done after it, by the operations of the same name.
  const then = (kernel: string, inputs: Record<string, TensorInfo>, attrs = {}): void => {
    const before = result;
    result = run(kernel, inputs, backend, attrs);
    backend.disposeData(before.dataId);
  };
  if (bias != null && !row) {
    const shape = broadcast_util.assertAndGetBroadcastShape(result.shape, bias.shape);
    util.assert(
      util.arraysEqual(shape, result.shape),
      () => `the bias [${bias.shape}] of fused matMul must broadcast to [${result.shape}]`,
    );
    then('Add', { a: result, b: bias });
  }
  if (activation === 'prelu') {
    util.assert(
      preluActivationWeights != null,
      () => 'preluActivationWeights of fused matMul must be given with the activation prelu',
    );
    then('Prelu', { x: result, alpha: preluActivationWeights as TensorInfo });
  } else if (activation === 'leakyrelu') {
    then('LeakyRelu', { x: result }, { alpha: leakyreluAlpha });
  } else if (activation !== 'linear') {
    const kernel = { relu: 'Relu', relu6: 'Relu6', elu: 'Elu', sigmoid: 'Sigmoid' }[activation];
    then(kernel, { x: result });
  }
  return result;
}

function run(
  name: string,
  inputs: Record<string, TensorInfo>,
  backend: WasmBackend,
  attrs: object,
): TensorInfo {
  const kernel = getKernel(name, 'wasm');
  if (kernel === undefined) throw new Error(`the wasm backend has no kernel ${name}`);
  const kernelFunc = kernel.kernelFunc as unknown as (
    call: Arguments<Record<string, TensorInfo>, object>,
  ) => TensorInfo;
  return kernelFunc({ inputs, backend, attrs });
}

function refuseIntegers(name: string, a: TensorInfo, b: TensorInfo): void {
  util.assert(
    a.dtype === 'float32' && b.dtype === 'float32',
    () => `a and b of ${name} must be float32 on wasm, and were ${a.dtype} and ${b.dtype}`,
  );
}
