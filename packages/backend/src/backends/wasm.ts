import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../errors.ts';
import { coreCount, isNode, reasonOf } from '../platform.ts';
import { registerWasmMatMul } from '../stock-fixes/wasm-mat-mul.ts';
import { forgetEnded } from '../wasm/checked-heap.ts';
import type { WasmBackend } from '../wasm/host.ts';
import { startThreads, threadsOf } from '../wasm/load-kernels.ts';
import { hireThreads, type ThreadCrew } from '../wasm/thread-pool.ts';
import { type Refusal, watchPolicy, whyNoWebAssembly } from './content-policy.ts';
import { absent, absentPackage, countOfThreads, forgetPending, select } from './select.ts';
import type { BackendOptions, BackendStatus, WasmPath } from './types.ts';
import { checkedPath, readWasm, wasmFile } from './wasm-files.ts';
import { canStartThreadedInNode, startThreaded, withValue } from './wasm-threads.ts';

const specifier = '@tensorflow/tfjs-backend-wasm';
const fix = `pass wasmPath, the folder that holds the .wasm files of ${specifier}`;

type WasmPackage = typeof import('@tensorflow/tfjs-backend-wasm');
/** Why fewer threads run than were asked for. */
type Shortage = Readonly<{ warning?: string; fix?: string }>;

/** What the start found; it decides until the page reloads or the process restarts. */
let shortage: Shortage = {};

export async function startWasm({
  wasmPath,
  threads = coreCount(),
}: BackendOptions): Promise<BackendStatus> {
  if (!Number.isSafeInteger(threads) || threads < 1) {
    throw new BackendError(`threads was ${threads}; it must be a whole number of at least 1`);
  }
  forgetEnded();
  const path = wasmPath === undefined ? undefined : checkedPath(wasmPath);
  const runs = 'wasm' in tf.engine().registry;
  let wasm: WasmPackage;
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
  registerWasmMatMul();
  if (runs) await select('wasm');
  else {
    const refused = await whyNoWebAssembly();
    if (refused !== undefined) return absent('wasm', refused.reason, refused.fix);
    const policy = watchPolicy();
    try {
      shortage = await startFirst(wasm, threads, path as WasmPath | undefined, policy.refusal);
    } catch (error) {
      return await whyNotStarted(error, path !== undefined, policy.refusal);
    } finally {
      policy.stop();
    }
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
    ...shortage,
  };
}

/** A file that is not where `wasmPath` says. */
class FileError extends Error {}

/** Starts the backend with as many of the threads as run here. */
async function startFirst(
  wasm: WasmPackage,
  threads: number,
  path: WasmPath | undefined,
  refusal: () => Promise<Refusal | undefined>,
): Promise<Shortage> {
  const cannotShare = threads > 1 ? await whyNotShared() : {};
  const shares = threads > 1 && cannotShare === undefined;
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', shares);
  if (!shares) {
    await withFile(wasm, path, (selectWasm) => selectWasm());
    return cannotShare ?? {};
  }
  let crew: ThreadCrew | undefined;
  try {
    // They start while TensorFlow.js does.
    crew = hireThreads(threads);
    await withFile(wasm, path, (selectWasm) => startThreaded(wasm, threads, selectWasm));
    await startThreads(tf.backend() as unknown as WasmBackend, crew);
    return {};
  } catch (error) {
    crew?.stop();
    if (error instanceof FileError) throw error;
    if (!('wasm' in tf.engine().registry)) {
      // A new start makes the one that may still wait obsolete.
      tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
      await withFile(wasm, path, (selectWasm) => selectWasm());
    }
    const refused = await refusal();
    const reason = refused?.reason ?? reasonOf(error);
    return {
      warning: `it runs on one thread, since others did not start: ${reason}`,
      ...(refused?.fix === undefined ? {} : { fix: refused.fix }),
    };
  }
}

/** Why memory cannot be shared with threads here; undefined where it can. */
async function whyNotShared(): Promise<Shortage | undefined> {
  const alone = 'it runs on one thread, since';
  if (isNode) {
    if (canStartThreadedInNode()) return undefined;
    return {
      warning: `${alone} the files of ${specifier} that others run are not there, as in a bundle`,
      fix: `leave ${specifier} out of the bundle, and install it`,
    };
  }
  if (globalThis.crossOriginIsolated === false) {
    return {
      warning: `${alone} the page is not cross-origin isolated and may not share memory`,
      fix: 'send Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp with the page, and the second also with the scripts of its workers',
    };
  }
  const { env } = tf;
  const simd = await env().getAsync('WASM_HAS_SIMD_SUPPORT');
  const supported = simd === true && (await env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT'));
  return supported === true ? undefined : { warning: `${alone} this browser has no others` };
}

/**
 * Starts the backend from where `path` leads to. TensorFlow.js never hears of a file that is not there, after which it would take no other:
 * in Node there is a look at it before; a page starts meanwhile, with what is read there in the place of the download.
 */
async function withFile(
  wasm: WasmPackage,
  path: WasmPath | undefined,
  start: (select: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const selectWasm = (): Promise<void> => select('wasm');
  if (path === undefined) return start(selectWasm);
  const file = await wasmFile(path);
  const reading = readWasm(file).catch((error) => {
    throw new FileError(`wasmPath led to ${file}: ${reasonOf(error)}`);
  });
  if (isNode) await reading;
  wasm.setWasmPaths(path);
  if (isNode) return start(selectWasm);
  const never = new Promise<never>(() => undefined);
  const failed = reading.then(() => never);
  failed.catch(() => undefined);
  const headers = { 'content-type': 'application/wasm' };
  const response = reading.then(
    (bytes) => new Response(bytes, { headers }),
    () => never,
  );
  const stock = fetch;
  const fetchFile = (...args: Parameters<typeof fetch>): Promise<Response> =>
    args[0] === file ? response : stock(...args);
  try {
    await withValue(globalThis, 'fetch', fetchFile, () =>
      start(() => Promise.race([selectWasm(), failed])),
    );
  } catch (error) {
    // It waits for the file.
    if (error instanceof FileError) forgetPending('wasm');
    throw error;
  }
}

async function whyNotStarted(
  error: unknown,
  hasPath: boolean,
  refusal: (directive?: string) => Promise<Refusal | undefined>,
): Promise<BackendStatus> {
  // Workers that start while the file is read may be refused as well.
  const refused = await refusal(error instanceof FileError ? 'connect-src' : undefined);
  if (error instanceof FileError) {
    return refused === undefined
      ? absent('wasm', error.message, fix)
      : absent('wasm', `${error.message}: ${refused.reason}`, refused.fix);
  }
  // After a start without its file, TensorFlow.js throws this for every path.
  const tooLate = reasonOf(error).includes('already initialized');
  if (hasPath && !tooLate) return absentPackage('wasm', specifier, error);
  const likely = refused?.reason ?? 'most likely because its .wasm files were not found';
  return absent(
    'wasm',
    `${specifier} did not start, ${likely}`,
    `${refused?.fix ?? fix}, to the first call: reload the page, or start the process again`,
  );
}
