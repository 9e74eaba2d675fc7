import * as tf from '@tensorflow/tfjs-core';
import { composite, type RunStock } from './composite.ts';
import { parseEinsum } from './einsum-gradient.ts';
import { addKernel, replaceKernel } from './registry.ts';

/** A tensor, and the labels of its axes in turn. */
interface Labelled {
  readonly info: tf.TensorInfo;
  readonly labels: string;
}

interface Parts {
  readonly real: tf.TensorInfo;
  readonly imag: tf.TensorInfo;
}

const einsumOf = (backendName: string): tf.KernelConfig => ({
  kernelName: 'Einsum',
  backendName,
  kernelFunc: ({ inputs, attrs, backend }) => {
    const { equation } = attrs as unknown as tf.EinsumAttrs;
    const operands = Object.values(inputs) as tf.TensorInfo[];
    const { decodeEinsumEquation, checkEinsumDimSizes } = tf.backend_util;
    const { allDims, idDims } = decodeEinsumEquation(equation, operands.length);
    checkEinsumDimSizes(allDims.length, idDims, operands as tf.Tensor[]);
    const { terms, output } = parseEinsum(equation);
    return composite(backend as tf.KernelBackend, backendName, (runStock) => {
      if (operands.some(({ dtype }) => dtype === 'complex64')) {
        return ofComplex(runStock, operands, equation);
      }
      const integer = operands.every(({ dtype }) => dtype === 'int32');
      // Backends multiply matrices of float32 only, in which integers beyond 2^24 are rounded; webgpu also multiplies
      // and sums single integers so.
      const exact = integer && backendName !== 'webgpu';
      const [first, second] = operands.map((info, index) => {
        const kept = exact || info.dtype === 'float32';
        const cast = kept ? info : runStock('Cast', { x: info }, { dtype: 'float32' });
        const labelled = { info: cast, labels: terms[index] ?? '' };
        return sumAlone(runStock, labelled, output + (terms[1 - index] ?? ''));
      }) as [Labelled, Labelled?];
      const join = exact ? multiplyOut : contract;
      const { info, labels } = second === undefined ? first : join(runStock, first, second, output);
      const perm = [...output].map((label) => labels.indexOf(label));
      const result = permute(runStock, info, perm);
      if (integer && !exact) return runStock('Cast', { x: result }, { dtype: 'int32' });
      // Also where the result is an operand as it is.
      return runStock('Reshape', { x: result }, { shape: result.shape });
    });
  },
});

/** Out of those of the real and the imaginary parts. */
function ofComplex(
  runStock: RunStock,
  operands: readonly tf.TensorInfo[],
  equation: string,
): tf.TensorInfo {
  const [a, b] = operands.map((x) => {
    if (x.dtype !== 'complex64') return { real: x, imag: runStock('ZerosLike', { x }) };
    return { real: runStock('Real', { input: x }), imag: runStock('Imag', { input: x }) };
  }) as [Parts, Parts?];
  const einsum = (...factors: tf.TensorInfo[]) =>
    runStock('Einsum', { ...factors } as unknown as Record<string, tf.TensorInfo>, { equation });
  if (b === undefined) {
    return runStock('Complex', { real: einsum(a.real), imag: einsum(a.imag) });
  }
  return runStock('Complex', {
    real: runStock('Sub', { a: einsum(a.real, b.real), b: einsum(a.imag, b.imag) }),
    imag: runStock('Add', { a: einsum(a.real, b.imag), b: einsum(a.imag, b.real) }),
  });
}

const wasm = einsumOf('wasm');
const others = ['cpu', 'webgpu'].map(einsumOf);

function permute(runStock: RunStock, info: tf.TensorInfo, perm: readonly number[]): tf.TensorInfo {
  const identity = perm.every((axis, index) => axis === index);
  return identity ? info : runStock('Transpose', { x: info }, { perm: [...perm] });
}

/** Sums over the axes whose labels nobody else wants. */
function sumAlone(runStock: RunStock, { info, labels }: Labelled, wanted: string): Labelled {
  const axis = [...labels].flatMap((label, index) => (wanted.includes(label) ? [] : [index]));
  if (axis.length === 0) return { info, labels };
  const kept = [...labels].filter((label) => wanted.includes(label)).join('');
  return { info: runStock('Sum', { x: info }, { axis, keepDims: false }), labels: kept };
}

/** `[batch, a's own, summed]` times `[batch, b's own, summed]` transposed, as one batched product. */
function contract(runStock: RunStock, a: Labelled, b: Labelled, output: string): Labelled {
  const shared = [...a.labels].filter((label) => b.labels.includes(label));
  const batch = shared.filter((label) => output.includes(label));
  const summed = shared.filter((label) => !output.includes(label));
  const ownOf = ({ labels }: Labelled) => [...labels].filter((label) => !shared.includes(label));
  const sizes = new Map(
    [a, b].flatMap(({ info, labels }) =>
      [...labels].map((label, axis) => [label, info.shape[axis] ?? 1] as const),
    ),
  );
  const shapeOf = (labels: readonly string[]) => labels.map((label) => sizes.get(label) ?? 1);
  const matrices = ({ info, labels }: Labelled, own: readonly string[]) => {
    const perm = [...batch, ...own, ...summed].map((label) => labels.indexOf(label));
    const shape = [batch, own, summed].map((group) => tf.util.sizeFromShape(shapeOf(group)));
    return runStock('Reshape', { x: permute(runStock, info, perm) }, { shape });
  };
  const [ownA, ownB] = [ownOf(a), ownOf(b)];
  const factors = { a: matrices(a, ownA), b: matrices(b, ownB) };
  const product = runStock('BatchMatMul', factors, { transposeA: false, transposeB: true });
  const labels = [...batch, ...ownA, ...ownB];
  return {
    info: runStock('Reshape', { x: product }, { shape: shapeOf(labels) }),
    labels: labels.join(''),
  };
}

/** The product for every combination of labels, summed: slow, and as exact as the backend's own products and sums. */
function multiplyOut(runStock: RunStock, a: Labelled, b: Labelled, output: string): Labelled {
  const labels = [...new Set(a.labels + b.labels)];
  const expand = ({ info, labels: own }: Labelled) => {
    const perm = labels.filter((label) => own.includes(label)).map((label) => own.indexOf(label));
    const shape = labels.map((label) => info.shape[own.indexOf(label)] ?? 1);
    return runStock('Reshape', { x: permute(runStock, info, perm) }, { shape });
  };
  const product = runStock('Multiply', { a: expand(a), b: expand(b) });
  return sumAlone(runStock, { info: product, labels: labels.join('') }, output);
}

/**
 * Sums of products by the labels of their axes, by one batched matrix product; on cpu and wasm
 * integers are multiplied and summed as such. Stock TensorFlow.js has no kernel on wasm; those of cpu and webgpu multiply out every combination of labels, give wrong shapes where
 * a label of one operand alone is summed beside others, and the operand itself for `i->i`.
 */
export function registerEinsumKernel(): void {
  addKernel(wasm);
  for (const config of others) replaceKernel(config);
}
