import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../errors.ts';
import { patience } from '../patience.ts';
import { importInNode, isNode, reasonOf } from '../platform.ts';
import { type WasmFile, type WasmPath, wasmFiles } from './types.ts';

/** A server that sends nothing for so long sends nothing any more. */
const SILENCE = 10_000;

/** The file that TensorFlow.js loads with its flags as they are, in the place that `wasmPath` gives it. */
export async function wasmFile(wasmPath: WasmPath): Promise<string> {
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  const threads = await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT');
  const kind = simd ? (threads ? '-threaded-simd' : '-simd') : '';
  const name: WasmFile = `tfjs-backend-wasm${kind}.wasm`;
  return typeof wasmPath === 'string' ? `${folderOf(wasmPath)}${name}` : wasmPath[name];
}

/** `wasmPath` as `setWasmPaths` of TensorFlow.js takes it. */
export function checkedPath(wasmPath: WasmPath): string | Record<string, string> {
  if (typeof wasmPath === 'string') return folderOf(wasmPath);
  const missing = wasmFiles.filter((name) => typeof wasmPath?.[name] !== 'string');
  if (missing.length === 0) return { ...wasmPath };
  throw new BackendError(
    `wasmPath was ${JSON.stringify(wasmPath)}; it must be a folder, or have the addresses of ${missing.join(', ')}`,
  );
}

const folderOf = (path: string): string => (path.endsWith('/') ? path : `${path}/`);

/**
 * Reads a file from where TensorFlow.js would.
 *
 * @throws Error that says why it is none of the .wasm files.
 */
export async function readWasm(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await (isNode ? readInNode(file) : download(file));
  const [zero, a, s, m] = bytes;
  // Servers of single-page applications send their page for every address.
  if (zero !== 0 || a !== 0x61 || s !== 0x73 || m !== 0x6d) {
    throw new Error('it is no WebAssembly file');
  }
  return bytes;
}

async function readInNode(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const { readFile } = (await importInNode('node:fs/promises')) as {
    readFile: (path: string | URL) => Promise<Uint8Array<ArrayBuffer>>;
  };
  return readFile(file.startsWith('file:') ? new URL(file) : file);
}

async function download(address: string): Promise<Uint8Array<ArrayBuffer>> {
  const wait = patience(SILENCE, new Error(`the server sent nothing for ${SILENCE / 1000} s`));
  const abort = new AbortController();
  wait.heard();
  try {
    return await Promise.race([receive(address, abort.signal, () => wait.heard()), wait.end]);
  } finally {
    wait.stop();
    abort.abort();
  }
}

async function receive(
  address: string,
  signal: AbortSignal,
  heard: () => void,
): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await fetch(address, { credentials: 'same-origin', signal });
  } catch (error) {
    // Browsers say no more, to those who might ask about others' servers.
    const { origin } = new URL(address, location.href);
    const elsewhere =
      origin === location.origin || origin === 'null'
        ? ''
        : `; ${origin} must allow this origin (Access-Control-Allow-Origin)`;
    throw new Error(`${reasonOf(error)}${elsewhere}`);
  }
  if (!response.ok || response.body === null) {
    throw new Error(`the server answered ${response.status}`);
  }
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    heard();
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
    parts.push(value);
  }
}
