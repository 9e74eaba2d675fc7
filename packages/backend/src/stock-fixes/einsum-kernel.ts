import * as tf from '@tensorflow/tfjs-core';
import { composite, type Run } from './composite.ts';
import { parseEinsum } from './einsum-gradient.ts';
import { addKernel, replaceKernel } from './registry.ts';

/** A tensor, and the labels of its axes in turn. */
interface Labelled {
  readonly info: tf.TensorInfo;
  readonly labels: string;
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
    return composite(backend as tf.KernelBackend, backendName, (run) => {
      // The backend multiplies matrices of float32 only; integers up to 2^24 are exact in it.
      const integer = operands.every(({ dtype }) => dtype === 'int32');
      const [first, second] = operands.map((info, index) => {
        const cast =
          info.dtype === 'float32' ? info : run('Cast', { x: info }, { dtype: 'float32' });
        const labelled = { info: cast, labels: terms[index] ?? '' };
        return sumAlone(run, labelled, output + (terms[1 - index] ?? ''));
      }) as [Labelled, Labelled?];
      const { info, labels } = second === undefined ? first : contract(run, first, second, output);
      const perm = [...output].map((label) => labels.indexOf(label));
      const result = permute(run, info, perm);
      if (integer) return run('Cast', { x: result }, { dtype: 'int32' });
      // Also where the result is an operand as it is.
      return run('Reshape', { x: result }, { shape: result.shape });
    });
  },
});

const wasm = einsumOf('wasm');
const others = ['cpu', 'webgpu'].map(einsumOf);

function permute(run: Run, info: tf.TensorInfo, perm: readonly number[]): tf.TensorInfo {
  const identity = perm.every((axis, index) => axis === index);
  return identity ? info : run('Transpose', { x: info }, { perm: [...perm] });
}

/** Sums over the axes whose labels nobody else wants. */
function sumAlone(run: Run, { info, labels }: Labelled, wanted: string): Labelled {
  const axis = [...labels].flatMap((label, index) => (wanted.includes(label) ? [] : [index]));
  if (axis.length === 0) return { info, labels };
  const kept = [...labels].filter((label) => wanted.includes(label)).join('');
  return { info: run('Sum', { x: info }, { axis, keepDims: false }), labels: kept };
}

/** `[batch, a's own, summed]` times `[batch, b's own, summed]` transposed, as one batched product. */
function contract(run: Run, a: Labelled, b: Labelled, output: string): Labelled {
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
    return run('Reshape', { x: permute(run, info, perm) }, { shape });
  };
  const [ownA, ownB] = [ownOf(a), ownOf(b)];
  const factors = { a: matrices(a, ownA), b: matrices(b, ownB) };
  const product = run('BatchMatMul', factors, { transposeA: false, transposeB: true });
  const labels = [...batch, ...ownA, ...ownB];
  return {
    info: run('Reshape', { x: product }, { shape: shapeOf(labels) }),
    labels: labels.join(''),
  };
}

/**
 * Sums of products by the labels of their axes, by one batched matrix product. Stock TensorFlow.js has no
 * kernel on wasm; those of cpu and webgpu multiply out every combination of labels, give wrong shapes where
 * a label of one operand alone is summed beside others, and the operand itself for `i->i`.
 */
export function registerEinsumKernel(): void {
  addKernel(wasm);
  for (const config of others) replaceKernel(config);
}
