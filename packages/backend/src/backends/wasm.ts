import * as tf from '@tensorflow/tfjs-core';
import { register as registerMatMul } from '../stock-fixes/wasm-mat-mul.ts';
import { importInNode, isNode, reasonOf } from './platform.ts';
import { absent, absentPackage, select } from './select.ts';
import type { BackendOptions, BackendStatus } from './types.ts';

const specifier = '@tensorflow/tfjs-backend-wasm';
const fix = `pass wasmPath, the folder that holds the .wasm files of ${specifier}`;

export async function startWasm({ wasmPath }: BackendOptions): Promise<BackendStatus> {
  const runs = 'wasm' in tf.engine().registry;
  let wasm: typeof import('@tensorflow/tfjs-backend-wasm');
  try {
    wasm = await import('@tensorflow/tfjs-backend-wasm');
  } catch (error) {
    return absentPackage('wasm', specifier, error);
  }
  try {
    if (wasmPath !== undefined && !runs) {
      const folder = wasmPath.endsWith('/') ? wasmPath : `${wasmPath}/`;
      const file = `${folder}${await fileName()}`;
      const reason = await whyUnusable(file);
      if (reason !== undefined) return absent('wasm', `wasmPath led to ${file}: ${reason}`, fix);
      wasm.setWasmPaths(folder);
    }
    registerMatMul();
    await select('wasm');
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
  const threads = (await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT'))
    ? wasm.getThreadsCount()
    : 1;
  const device = `CPU, WebAssembly${simd === true ? ' SIMD' : ''}, ${threads} thread${threads === 1 ? '' : 's'}`;
  return {
    available: true,
    name: 'wasm',
    version: wasm.version_wasm,
    device,
    hardwareGpu: false,
    softwareGpu: false,
  };
}

/** The one of the three files that TensorFlow.js loads here. */
async function fileName(): Promise<string> {
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  const threads = await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT');
  return `tfjs-backend-wasm${simd ? (threads ? '-threaded-simd' : '-simd') : ''}.wasm`;
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
