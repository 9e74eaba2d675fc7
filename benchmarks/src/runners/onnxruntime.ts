// ONNX Runtime: onnxruntime.ts node|web <threads>
import type { InferenceSession, Tensor, TypedTensor } from 'onnxruntime-common';
import { requirePeer } from '../npm-peers.ts';
import type { LoadedCase } from '../types.ts';
import { graphs } from './onnx-graphs.ts';
import { onnxModel } from './onnx-model.ts';
import { type Implementation, type Numbers, type Prepared, serve } from './serve.ts';

type Ort = typeof import('onnxruntime-common');

const [kind, count = '1'] = process.argv.slice(2);
const threads = Number(count);

await serve(async (): Promise<Implementation<Tensor>> => {
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

async function load(
  ort: Ort,
  wanted: LoadedCase,
  arrays: ReadonlyMap<string, Numbers>,
): Promise<Prepared<Tensor> | string> {
  const graph = graphs[wanted.op];
  if (wanted.mode === 'gradient') return 'it computes no gradients';
  if (graph === undefined) return 'no graph of ONNX is written for it here';
  const largest = Math.max(...[...arrays.values()].map(({ byteLength }) => byteLength));
  if (kind === 'web' && largest > 2 ** 29)
    return 'it copies the table into its memory at each call';
  const inputs = wanted.inputs.map(({ name, shape, dtype }) => ({
    name,
    shape: asMatrix(name, shape),
    dtype,
  }));
  const output = { name: 'y', shape: outputShape(wanted), dtype: 'float32' } as const;
  const session: InferenceSession = await ort.InferenceSession.create(
    onnxModel(inputs, graph(wanted), output),
    { executionProviders: [kind === 'web' ? 'wasm' : 'cpu'], intraOpNumThreads: threads },
  );
  const feeds = Object.fromEntries(
    inputs.map(({ name, shape, dtype }) => {
      const data = arrays.get(name) as Numbers;
      return [
        name,
        dtype === 'float32'
          ? new ort.Tensor('float32', data as Float32Array, shape)
          : new ort.Tensor('int32', data as Int32Array, shape),
      ];
    }),
  );
  return {
    run: async () => (await session.run(feeds))['y'] as Tensor,
    read: async (tensor) => [
      { shape: tensor.dims, data: (tensor as TypedTensor<'float32'>).data as Float32Array },
    ],
    free: (tensor) => tensor.dispose(),
    dispose: () => void session.release(),
  };
}

function outputShape({ op, attrs, inputs }: LoadedCase): number[] {
  const [first, second] = inputs.map(({ shape }) => shape) as [number[], number[] | undefined];
  if (op === 'gatherRows') return [...(second ?? []), first[1] ?? 1];
  if (op !== 'matMul') return first;
  const rows = first.at(attrs['transposeA'] === true ? -1 : -2) ?? 1;
  const columns = second?.at(attrs['transposeB'] === true ? -2 : -1) ?? 1;
  return [...first.slice(0, -2), rows, columns];
}
