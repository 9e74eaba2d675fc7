// ONNX Runtime: onnxruntime.ts node|web <threads>
import type { InferenceSession, Tensor, TypedTensor } from 'onnxruntime-common';
import { requirePeer } from '../npm-peers.ts';
import type { LoadedCase } from '../types.ts';
import { graphs } from './onnx-graphs.ts';
import { type OnnxValue, onnxModel } from './onnx-model.ts';
import { type OnnxStep, steps } from './onnx-steps.ts';
import { type Implementation, type Numbers, type Prepared, serve } from './serve.ts';
import type { StatefulOp } from './tfjs-operations.ts';

type Ort = typeof import('onnxruntime-common');

const [kind, count = '1'] = process.argv.slice(2);
const threads = Number(count);

await serve(async (): Promise<Implementation<Results>> => {
  const ort = requirePeer(`onnxruntime-${kind}`) as Ort;
  if (kind === 'web') ort.env.wasm.numThreads = threads;
  const versions = ort.env.versions;
  return {
    hello: {
      versions: { [`onnxruntime-${kind}`]: versions[kind as 'node' | 'web'] ?? versions.common },
      device: kind === 'web' ? 'CPU, WebAssembly' : 'CPU',
      timed: true,
      threads,
    },
    load: (wanted, inputs) => load(ort, wanted, inputs),
  };
});

/** Inputs of the encoder block whose axes of heads are joined into one. */
function asMatrix(name: string, shape: readonly number[]): number[] {
  if (!name.startsWith('MultiHead')) return [...shape];
  const width = name.includes('/out/') ? (shape.at(-1) ?? 1) : (shape[0] ?? 1);
  if (name.endsWith('/kernel')) return [width, width];
  return [shape.reduce((product, size) => product * size, 1)];
}

type Results = Readonly<Record<string, Tensor>>;

async function load(
  ort: Ort,
  wanted: LoadedCase,
  arrays: ReadonlyMap<string, Numbers>,
): Promise<Prepared<Results> | string> {
  const { op, mode } = wanted;
  if (mode === 'gradient') return 'it computes no gradients';
  if (op in steps) return loadStep(ort, steps[op as StatefulOp](wanted), arrays);
  const graph = graphs[op];
  if (graph === undefined) return 'no graph of ONNX is written for it here';
  const values = wanted.inputs.map(({ name, shape, dtype }) => ({
    name,
    shape: asMatrix(name, shape),
    dtype,
  }));
  // A network's weights are part of its model.
  const network = op === 'encoderBlock' || op === 'spaceAttention';
  const [inputs, weights] = network ? [values.slice(0, 1), values.slice(1)] : [values, []];
  const constants = weights.map(({ name, shape }) => ({
    name,
    shape,
    data: arrays.get(name) as Float32Array,
  }));
  const output = { name: 'y', shape: outputShape(wanted), dtype: 'float32' } as const;
  const session = await start(ort, onnxModel(inputs, graph(wanted), [output], constants));
  const feeds = Object.fromEntries(
    inputs.map((value) => [value.name, tensor(ort, value, arrays.get(value.name) as Numbers)]),
  );
  return {
    run: () => session.run(feeds),
    read: async (results) => {
      const { dims, data } = results['y'] as TypedTensor<'float32'>;
      return [{ shape: dims, data: data as Float32Array }];
    },
    free: ({ y }) => y?.dispose(),
    dispose: () => void session.release(),
  };
}

async function loadStep(
  ort: Ort,
  { state, given, nodes, feed, read, runsToRead }: OnnxStep,
  arrays: ReadonlyMap<string, Numbers>,
): Promise<Prepared<Results>> {
  const outputs = state.map((value) => ({ ...value, name: `${value.name}'` }));
  const session = await start(ort, onnxModel([...state, ...given], nodes, outputs));
  let held = state.map((value) => {
    const data = arrays.get(value.name) ?? new Float32Array(sizeOf(value));
    return tensor(ort, value, data);
  });
  let runs = 0;
  return {
    run: async () => {
      runs++;
      const feeds: Record<string, Tensor> = {};
      for (const [index, { name }] of state.entries()) feeds[name] = held[index] as Tensor;
      for (const value of given) {
        const fed = feed(value.name, runs);
        const data = typeof fed === 'number' ? Float32Array.of(fed) : (arrays.get(fed) as Numbers);
        feeds[value.name] = tensor(ort, value, data);
      }
      if (kind === 'node') {
        // In place: each node of these graphs that writes to the state comes after all that read what it replaces.
        const fetches = outputs.map(({ name }, index) => [name, held[index]]);
        await session.run(feeds, Object.fromEntries(fetches));
      } else {
        // It leaves such tensors as they were, silently.
        const results = await session.run(feeds);
        held = outputs.map(({ name }) => results[name] as Tensor);
      }
      return {};
    },
    read: async () => {
      const values = held.map(({ data }, index) => [state[index]?.name, data] as [string, Numbers]);
      return read(new Map([...arrays, ...values]));
    },
    free: () => {},
    dispose: () => void session.release(),
    runsToRead,
  };
}

function start(ort: Ort, model: Uint8Array): Promise<InferenceSession> {
  return ort.InferenceSession.create(model, {
    executionProviders: [kind === 'web' ? 'wasm' : 'cpu'],
    intraOpNumThreads: threads,
  });
}

function tensor(ort: Ort, { shape, dtype }: OnnxValue, data: Numbers): Tensor {
  return dtype === 'float32'
    ? new ort.Tensor('float32', data as Float32Array, shape)
    : new ort.Tensor('int32', data as Int32Array, shape);
}

function sizeOf({ shape }: OnnxValue): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}

function outputShape({ op, attrs, inputs }: LoadedCase): number[] {
  const [first, second] = inputs.map(({ shape }) => shape) as [number[], number[] | undefined];
  if (op === 'gatherRows') return [...(second ?? []), first[1] ?? 1];
  if (op !== 'matMul') return first;
  const rows = first.at(attrs['transposeA'] === true ? -1 : -2) ?? 1;
  const columns = second?.at(attrs['transposeB'] === true ? -2 : -1) ?? 1;
  return [...first.slice(0, -2), rows, columns];
}
