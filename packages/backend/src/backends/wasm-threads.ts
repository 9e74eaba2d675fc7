import { isNode } from '../platform.ts';

/**
 * More pthreads than TensorFlow.js starts workers for would have to be started later, when there is nothing left
 * that tells them how.
 */
const MOST_THREADS = 8;

/**
 * Runs a start of the wasm backend such that its threaded build starts with this many threads, in Node too. Stock, Node gets a `blob:` address
 * where its workers need a file (tensorflow/tfjs#3830), and half of the processors' threads stay unused.
 */
export async function startThreaded(
  wasm: typeof import('@tensorflow/tfjs-backend-wasm'),
  threads: number,
  start: () => Promise<void>,
): Promise<void> {
  wasm.setThreadsCount(Math.min(threads, MOST_THREADS));
  // It halves the number that it is told once, here.
  if (!isNode) return withValue(navigator, 'hardwareConcurrency', 2 * threads, start);
  const os = process.getBuiltinModule('node:os');
  const workers = process.getBuiltinModule('node:worker_threads');
  const [cpu] = os.cpus();
  const cpus = () => new Array(2 * threads).fill(cpu);
  await withValue(os, 'cpus', cpus, () =>
    withValue(workers, 'Worker', pthreadWorker(workers.Worker), () =>
      // Its glue makes this a global, which others take for a sign of a browser.
      withValue(globalThis, 'Worker', undefined, start),
    ),
  );
}

/** Whether Node has what `startThreaded` needs: not in a bundle, where the files of TensorFlow.js are gone. */
export function canStartThreadedInNode(): boolean {
  try {
    return process.getBuiltinModule('node:fs').existsSync(glue().worker);
  } catch {
    return false;
  }
}

/** The files of TensorFlow.js that a pthread runs. */
function glue(): { worker: string; factory: string } {
  const { createRequire } = process.getBuiltinModule('node:module');
  const { dirname, join } = process.getBuiltinModule('node:path');
  const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  const file = join(dirname(main), '..', 'wasm-out', 'tfjs-backend-wasm-threaded-simd');
  return { worker: `${file}.worker.js`, factory: `${file}.js` };
}

/** What TensorFlow.js' worker script expects around it: CommonJS, and the factory of its module for an `importScripts`. */
const pthreadSource = `
const { workerData } = require('node:worker_threads');
const { wasmWorkerContents } = require(workerData.worker);
// The string holds the line breaks of a string in it, which must be escapes again.
new Function('require', '__filename', wasmWorkerContents.replace(/\\n/g, '\\\\n'))(require, workerData.worker);
globalThis.importScripts = () => {
  globalThis.WasmBackendModuleThreadedSimd = require(workerData.factory);
};
`;

type WorkerClass = typeof import('node:worker_threads').Worker;

/** `Worker`, but for what TensorFlow.js starts: it becomes a pthread that does not keep the process. */
function pthreadWorker(Worker: WorkerClass): WorkerClass {
  return new Proxy(Worker, {
    construct(target, args: ConstructorParameters<WorkerClass>) {
      if (!String(args[0]).startsWith('blob:')) return new target(...args);
      const worker = new target(pthreadSource, { eval: true, execArgv: [], workerData: glue() });
      worker.unref();
      // The glue does so for each thread that runs, and a thread of the pool never ends.
      worker.ref = () => undefined;
      return worker;
    },
  });
}

/** Gives a property another value until some work is done. */
async function withValue<T extends object>(
  owner: T,
  key: (keyof T & string) | 'Worker',
  value: unknown,
  work: () => Promise<void>,
): Promise<void> {
  const before = Object.getOwnPropertyDescriptor(owner, key);
  Object.defineProperty(owner, key, {
    value,
    configurable: true,
    writable: true,
    enumerable: true,
  });
  try {
    await work();
  } finally {
    if (before === undefined) Reflect.deleteProperty(owner, key);
    else Object.defineProperty(owner, key, before);
  }
}
