import * as tf from '@tensorflow/tfjs-core';
import { dispose, type WasmBackend } from './composite.ts';
import { wrapKernel } from './registry.ts';
import { result } from './values.ts';

/** A backend of wasm as far as strings go, which lie outside of its heap. */
interface StringBackend extends WasmBackend {
  readSync(dataId: tf.DataId): Uint8Array[];
  readonly dataIdMap: { get(dataId: tf.DataId): { stringBytes?: readonly Uint8Array[] } };
}

const compare = ['Equal', 'NotEqual', 'Greater', 'GreaterEqual', 'Less', 'LessEqual'];
const move = ['GatherNd', 'SparseToDense', 'StridedSlice', 'Tile', 'Unique'];

const isString = (info: tf.TensorInfo | undefined): info is tf.TensorInfo =>
  info?.dtype === 'string';

function strings(host: StringBackend, shape: number[], texts: readonly string[]): tf.TensorInfo {
  const info = host.makeOutput(shape, 'string');
  host.dataIdMap.get(info.dataId).stringBytes = texts.map((text) => tf.util.encodeString(text));
  return info;
}

/** A kernel of strings by way of their places in the alphabet: those that it moves are read back, the first output's. */
const byPlaces =
  (moves: boolean) =>
  (stock: tf.KernelConfig): tf.KernelConfig => ({
    ...stock,
    kernelFunc: (call) => {
      const given = Object.entries(call.inputs as tf.NamedTensorInfoMap);
      if (!given.some(([, info]) => isString(info))) return stock.kernelFunc(call);
      const host = call.backend as StringBackend;
      const textsOf = new Map(
        given.flatMap(([name, info]) =>
          isString(info)
            ? [[name, tf.backend_util.fromUint8ToStringArray(host.readSync(info.dataId))] as const]
            : [],
        ),
      );
      const alphabet = [...new Set([...textsOf.values()].flat())].sort((a, b) => (a < b ? -1 : 1));
      const places = new Map(alphabet.map((text, place) => [text, place]));
      const made = given.flatMap(([name, info]) => {
        const texts = textsOf.get(name);
        if (texts === undefined || info === undefined) return [];
        const values = Int32Array.from(texts, (text) => places.get(text) as number);
        return [[name, result(host, info.shape, 'int32', values)] as const];
      });
      try {
        const inputs = { ...call.inputs, ...Object.fromEntries(made) };
        const outputs = stock.kernelFunc({ ...call, inputs });
        if (!moves) return outputs;
        const [first, ...others] = [outputs].flat() as [tf.TensorInfo, ...tf.TensorInfo[]];
        const texts = Array.from(host.typedArrayFromHeap(first), (place) => alphabet[place] ?? '');
        const moved = strings(host, first.shape, texts);
        dispose(host, first);
        return Array.isArray(outputs) ? [moved, ...others] : moved;
      } finally {
        for (const [, info] of made) dispose(host, info);
      }
    },
  });

const fill = (stock: tf.KernelConfig): tf.KernelConfig => ({
  ...stock,
  kernelFunc: (call) => {
    const { shape, value } = call.attrs as unknown as tf.FillAttrs;
    if (typeof value !== 'string') return stock.kernelFunc(call);
    const texts: string[] = Array(tf.util.sizeFromShape(shape)).fill(value);
    return strings(call.backend as StringBackend, shape, texts);
  },
});

/** Stock, they read the numbers that the addresses of strings are, beyond their end, which ends the backend or is a wrong answer. */
export function registerWasmStrings(): void {
  for (const name of compare) wrapKernel(name, 'wasm', byPlaces(false), 'strings');
  for (const name of move) wrapKernel(name, 'wasm', byPlaces(true), 'strings');
  wrapKernel('Fill', 'wasm', fill, 'strings');
}
