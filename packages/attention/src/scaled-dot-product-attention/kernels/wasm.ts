import type { BackendKernel, KernelCall } from '@neverend/backend';
import { wasmCall } from '@neverend/backend/kernels';
import { kernelBinaries } from '../../kernels.generated.ts';
import {
  type AttentionAttrs,
  type AttentionGradInputs,
  type AttentionInputs,
  attentionShape,
  attentionSizes,
} from '../types.ts';
import { attentionNumbers } from './numbers.ts';

/** Multiplications that take as long as one number of a pass through memory. */
const perNumber = 8;
/** Queries of a block, and its scores, which with a head's keys and values should fit into the second-level cache. */
const maxBlock = 48;
const blockScores = 65_536;

/** The most memory for one thread, which grows with the keys: with more, sizes would pass 32 bits. */
const mostBytes = 2 ** 30;

const supports = ({ inputs }: KernelCall<AttentionInputs, AttentionAttrs>): boolean => {
  const { keys, depth, valueDepth } = attentionSizes(inputs);
  // Keys and values lie there twice, their gradients once, each rounded up, and a few rows of scores.
  return 4 * keys * (3 * (depth + valueDepth) + 3 * blockOf(keys) + 100) < mostBytes;
};

export const attentionWasm: BackendKernel<AttentionInputs, AttentionAttrs> = {
  supports,
  compute: ({ inputs, attrs, backend }) => {
    const { parallelFor, exports, at, output } = wasmCall(backend, kernelBinaries);
    const { q, k, v } = inputs;
    const { rows, queries, keys, heads, depth, valueDepth } = attentionSizes(inputs);
    const block = blockOf(keys);
    const y = output(attentionShape(inputs));
    const bytes = exports.attentionScratchBytes(queries, keys, depth, valueDepth, block);
    const values = [...[y, q, k, v].map(at), ...shared(inputs, attrs, at), block];
    const units = rows * heads * Math.ceil(queries / block);
    const products = rows * heads * queries * keys * (depth + valueDepth);
    parallelFor('attention', values, units, products / perNumber, bytes);
    return [y];
  },
};

export const attentionGradWasm: BackendKernel<AttentionGradInputs, AttentionAttrs> = {
  supports,
  compute: ({ inputs, attrs, backend }) => {
    const { parallelFor, exports, at, output } = wasmCall(backend, kernelBinaries);
    const { dy, q, k, v } = inputs;
    const { rows, queries, keys, heads, depth, valueDepth } = attentionSizes(inputs);
    const block = blockOf(keys);
    const outputs = [q, k, v].map(({ shape }) => output(shape));
    const bytes = exports.attentionScratchBytes(queries, keys, depth, valueDepth, block);
    const values = [...[...outputs, dy, q, k, v].map(at), ...shared(inputs, attrs, at), block];
    const products = rows * heads * queries * keys * (3 * depth + 2 * valueDepth);
    parallelFor('attentionGrad', values, rows * heads, products / perNumber, bytes);
    return outputs;
  },
};

const blockOf = (keys: number): number =>
  Math.max(4, Math.min(maxBlock, Math.floor(blockScores / keys / 4) * 4));

/** What both directions take between the tensors and the size of a block. */
function shared(
  inputs: AttentionInputs,
  attrs: AttentionAttrs,
  at: (tensor: AttentionInputs['mask']) => number,
): number[] {
  const { mask } = inputs;
  const { queries, keys, heads, depth, valueDepth } = attentionSizes(inputs);
  const { offset, threshold, kept } = attentionNumbers(inputs, attrs);
  return [
    ...[attrs.masked ? at(mask) : 0, queries, keys, heads, depth, valueDepth],
    ...steps(mask.shape),
    ...[attrs.scale, offset, threshold, kept, attrs.keyLow, attrs.keyHigh],
  ];
}

/** How far apart a mask's numbers are along its axes; 0 where it has one. */
function steps(shape: readonly number[]): number[] {
  return shape.map((size, axis) =>
    size === 1 ? 0 : shape.slice(axis + 1).reduce((product, n) => product * n, 1),
  );
}
