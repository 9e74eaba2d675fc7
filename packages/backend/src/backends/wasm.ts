import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../errors.ts';
import { coreCount, importInNode, isNode, reasonOf } from '../platform.ts';
import { registerWasmMatMul } from '../stock-fixes/wasm-mat-mul.ts';
import type { WasmBackend } from '../wasm/host.ts';
import { startThreads, threadsOf } from '../wasm/load-kernels.ts';
import { absent, absentPackage, countOfThreads, select } from './select.ts';
import type { BackendOptions, BackendStatus } from './types.ts';
import { canStartThreadedInNode, startThreaded } from './wasm-threads.ts';

const specifier = '@tensorflow/tfjs-backend-wasm';
const fix = `pass wasmPath, the folder that holds the .wasm files of ${specifier}`;

export async function startWasm({
  wasmPath,
  threads = coreCount(),
}: BackendOptions): Promise<BackendStatus> {
  if (!Number.isSafeInteger(threads) || threads < 1) {
    throw new BackendError(`threads was ${threads}; it must be a whole number of at least 1`);
  }
  const runs = 'wasm' in tf.engine().registry;
  let wasm: typeof import('@tensorflow/tfjs-backend-wasm');
  try {
    wasm = await import('@tensorflow/tfjs-backend-wasm');
  } catch (error) {
    return absentPackage('wasm', specifier, error);
  }
  if (tf.findBackendFactory('wasm') === null) {
    return absent(
      'wasm',
      'it was removed (tf.removeBackend), and its package registers it only once',
      'reload the page, or start the process again',
    );
  }
  try {
    if (!runs) await chooseBuild(threads);
    if (wasmPath !== undefined && !runs) {
      const folder = wasmPath.endsWith('/') ? wasmPath : `${wasmPath}/`;
      const file = `${folder}${await fileName()}`;
      const reason = await whyUnusable(file);
      if (reason !== undefined) return absent('wasm', `wasmPath led to ${file}: ${reason}`, fix);
      wasm.setWasmPaths(folder);
    }
    registerWasmMatMul();
    if (runs || !(await isThreaded())) await select('wasm');
    else await startThreaded(wasm, threads, () => select('wasm'));
    if (!runs) await startThreads(tf.backend() as unknown as WasmBackend, threads);
  } catch (error) {
    // After a start without its file, TensorFlow.js throws this for every path.
    const tooLate = reasonOf(error).includes('already initialized');
    if (wasmPath !== undefined && !tooLate) return absentPackage('wasm', specifier, error);
    return absent(
      'wasm',
      `${specifier} did not start, most likely because its .wasm files were not found`,
      `${fix}, to the first call: reload the page, or start the process again`,
    );
  }
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  const count = countOfThreads(threadsOf(tf.backend() as unknown as WasmBackend));
  const device = `CPU, WebAssembly${simd === true ? ' SIMD' : ''}, ${count}`;
  return {
    available: true,
    name: 'wasm',
    version: wasm.version_wasm,
    device,
    hardwareGpu: false,
    softwareGpu: false,
  };
}

/** Before the first start: which build TensorFlow.js takes. */
async function chooseBuild(threads: number): Promise<void> {
  const shares = isNode ? canStartThreadedInNode() : await isThreaded();
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', threads > 1 && shares);
}

/** Whether TensorFlow.js takes its threaded build, which has SIMD too. */
async function isThreaded(): Promise<boolean> {
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  return simd === true && (await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT')) === true;
}

/** The one of the three files that TensorFlow.js loads here. */
async function fileName(): Promise<string> {
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  return `tfjs-backend-wasm${simd ? ((await isThreaded()) ? '-threaded-simd' : '-simd') : ''}.wasm`;
}

async function whyUnusable(file: string): Promise<string | undefined> {
  try {
    const [zero, a, s, m] = await read(file);
    // Servers of single-page applications send their page for every address.
    if (zero !== 0 || a !== 0x61 || s !== 0x73 || m !== 0x6d) return 'it is no WebAssembly file';
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** Reads a file from where TensorFlow.js would. */
async function read(file: string): Promise<Uint8Array> {
  if (isNode) {
    const { readFile } = (await importInNode('node:fs/promises')) as {
      readFile: (path: string | URL) => Promise<Uint8Array>;
    };
    return readFile(file.startsWith('file:') ? new URL(file) : file);
  }
  const response = await fetch(file, { credentials: 'same-origin' });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
