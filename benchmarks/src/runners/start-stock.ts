import { createRequire } from 'node:module';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
// Registers the gradients, which the ESM build of tfjs-core leaves out.
import '@tensorflow/tfjs-layers';
import { stockOperations } from './stock-operations.ts';
import type { Started } from './tfjs-operations.ts';

interface Stock {
  readonly version: string;
  readonly device: string;
  readonly gpu: boolean;
  readonly timed: boolean;
}

/** Readies a backend as TensorFlow.js comes, with nothing of this repository loaded. */
export async function start(name: string, threads: number): Promise<Started> {
  const { device, version, gpu, timed } = await startBackend(name, threads);
  return {
    hello: {
      versions: { '@tensorflow/tfjs-core': tf.version_core, [name]: version },
      device,
      timed,
      threads,
    },
    operations: stockOperations,
    gpu,
  };
}

function startBackend(name: string, threads: number): Promise<Stock> {
  if (name === 'wasm') return startWasm(threads);
  if (name === 'tensorflow') return startTensorflow();
  if (name === 'webgpu') return startWebgpu();
  if (name === 'cpu') return startCpu(threads);
  throw new Error(`backend was "${name}"; it must be wasm, tensorflow, webgpu or cpu`);
}

async function startWasm(threads: number): Promise<Stock> {
  if (threads > 1) throw new Error('stock TensorFlow.js has one thread in Node');
  const { version_wasm } = await import('@tensorflow/tfjs-backend-wasm');
  await select('wasm');
  return { version: version_wasm, device: 'CPU, WebAssembly', gpu: false, timed: true };
}

async function startCpu(threads: number): Promise<Stock> {
  if (threads > 1) throw new Error('plain JavaScript has one thread');
  const { version_cpu } = await import('@tensorflow/tfjs-backend-cpu');
  await select('cpu');
  return { version: version_cpu, device: 'JavaScript on the CPU', gpu: false, timed: false };
}

async function startTensorflow(): Promise<Stock> {
  // Node 23 removed them; without them the stock package runs no operation there.
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
  // The same installation that our own packages find.
  const require = createRequire(import.meta.resolve('@neverend/backend'));
  const node = requireFirst(require, ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']);
  await select('tensorflow');
  const gpu = (tf.backend() as { isUsingGpuDevice?: boolean }).isUsingGpuDevice === true;
  return {
    version: node.version['tfjs-node'] ?? tf.version_core,
    device: gpu ? 'NVIDIA GPU, CUDA' : 'CPU, libtensorflow',
    gpu,
    timed: true,
  };
}

interface TfjsNode {
  readonly version: Readonly<Record<string, string>>;
}

function requireFirst(require: NodeJS.Require, names: readonly string[]): TfjsNode {
  let failure: unknown;
  for (const name of names) {
    try {
      return require(name) as TfjsNode;
    } catch (error) {
      const missing = (error as { code?: string }).code === 'MODULE_NOT_FOUND';
      if (!missing || !String(error).includes(`'${name}'`)) failure ??= error;
    }
  }
  throw failure ?? new Error(`neither ${names.join(' nor ')} is installed`);
}

async function startWebgpu(): Promise<Stock> {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  // Node 21 and later have a navigator.
  Object.defineProperty(globalThis, 'navigator', {
    value: { gpu: create([]), userAgent: 'Node.js' },
    configurable: true,
  });
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error('no GPU adapter was found');
  await import('@tensorflow/tfjs-backend-webgpu');
  await select('webgpu');
  const { vendor, architecture, description } = adapter.info;
  const device = [vendor, architecture, description].filter(Boolean).join(' ');
  return {
    version: tf.version_core,
    device,
    gpu: true,
    timed: !/swiftshader|llvmpipe|lavapipe|software/i.test(device),
  };
}

async function select(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not start ${name}`);
  await tf.ready();
}
