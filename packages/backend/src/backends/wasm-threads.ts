import { LONGEST, patience, within } from '../patience.ts';
import { isNode } from '../platform.ts';

/**
 * Workers that TensorFlow.js makes, however many threads it is to have; the last ones run. More would have to be started later, when
 * there is nothing left that tells them how.
 */
const WORKERS = 8;

/** Workers of which none answers for so long, in milliseconds, do not start. */
const SILENCE = 1200;

/**
 * Runs a start of the wasm backend such that its threaded build starts with this many threads, in Node and in minified pages too. Stock,
 * Node gets a `blob:` address where its workers need a file (tensorflow/tfjs#3830), half of the processors' threads stay unused, eight
 * workers start for two threads, which takes most of the start, and a worker that fails leaves it waiting for ever.
 *
 * @throws what the first worker that failed said; the workers are gone then.
 */
export async function startThreaded(
  wasm: typeof import('@tensorflow/tfjs-backend-wasm'),
  threads: number,
  start: () => Promise<void>,
): Promise<void> {
  const count = Math.min(threads, WORKERS);
  wasm.setThreadsCount(count);
  const crew = makeCrew(count - 1);
  const work = (): Promise<void> => Promise.race([start(), crew.failed]);
  try {
    // It halves the number that it is told once, here.
    await (isNode
      ? startInNode(2 * threads, crew, work)
      : withValue(navigator, 'hardwareConcurrency', 2 * threads, () => startInPage(crew, work)));
  } catch (error) {
    crew.dismiss();
    throw error;
  } finally {
    crew.leave();
  }
}

/** What workers of pages and of Node both have. */
interface AnyWorker {
  postMessage: (...args: never[]) => void;
  terminate(): unknown;
}

/** The workers of a start. */
interface Crew {
  /** Rejects when one of them fails, or none answers any more. */
  readonly failed: Promise<never>;
  fail(reason: unknown): void;
  heard(): void;
  /** Adds a worker that is made now, or one that does nothing where none is needed. */
  hire<T extends AnyWorker>(make: () => T): T;
  /** Ends the workers. */
  dismiss(): void;
  /** Waits for them no longer. */
  leave(): void;
  isOver(): boolean;
}

/** Says that it has loaded what a thread needs, and never runs one. */
class IdleWorker implements AnyWorker {
  onmessage?: (event: { readonly data: { readonly cmd: 'loaded' } }) => void;

  postMessage(): void {
    queueMicrotask(() => this.onmessage?.({ data: { cmd: 'loaded' } }));
  }

  terminate(): void {}

  // In Node:
  on(): void {}
  unref(): void {}
}

/** @param needed workers that will run. */
function makeCrew(needed: number): Crew {
  const wait = patience(SILENCE, new Error(`no thread answered for ${SILENCE / 1000} s`));
  const workers: AnyWorker[] = [];
  let loading = false;
  let over = false;
  let places = 0;
  let reject: (error: unknown) => void;
  const failure = new Promise<never>((_, rejectFailure) => {
    reject = rejectFailure;
  });
  const failed = Promise.race([failure, wait.end]);
  failed.catch(() => undefined);
  const fail = (reason: unknown): void => reject(reason);
  return {
    failed,
    fail,
    heard: () => {
      if (loading && !over) wait.heard();
    },
    hire<T extends AnyWorker>(make: () => T): T {
      places++;
      if (places <= WORKERS - needed) return new IdleWorker() as AnyWorker as T;
      try {
        const worker = make();
        workers.push(worker);
        const { postMessage } = worker;
        // Before the first message there is the download, which takes as long as it takes.
        worker.postMessage = (...args) => {
          if (places !== WORKERS) fail(new Error(`TensorFlow.js made ${places} workers`));
          if (!loading) wait.heard();
          loading = true;
          postMessage.apply(worker, args);
        };
        return worker;
      } catch (error) {
        // TensorFlow.js would log it and tell nobody.
        fail(error);
        throw error;
      }
    },
    dismiss() {
      for (const worker of workers) worker.terminate();
    },
    leave() {
      over = true;
      wait.stop();
      for (const worker of workers) Reflect.deleteProperty(worker, 'postMessage');
    },
    isOver: () => over,
  };
}

/**
 * Lets the workers of TensorFlow.js run one script, made of its two texts. Stock, the one imports the other: from a `blob:` address, which a
 * policy that allows such workers need not allow; and of the other's text, a bundle has renamed a variable (`_scriptDir`) outside of it.
 */
async function startInPage(crew: Crew, start: () => Promise<void>): Promise<void> {
  let glue: string | undefined;
  let entry: string | undefined;
  let address: string | undefined;
  const makeAddress = URL.createObjectURL.bind(URL);
  // Each address takes about a millisecond, and TensorFlow.js gives none of them back.
  const addresses = (object: Blob | MediaSource): string =>
    entries.has(object) ? '' : makeAddress(object);
  const entries = new WeakSet<object>();
  const listening = new AbortController();
  const StockBlob = Blob;
  const blobs = new Proxy(StockBlob, {
    construct(target, [parts, options]: ConstructorParameters<typeof Blob>) {
      const text = String(parts?.[0]);
      const blob = new target(parts, options);
      if (text.startsWith('var WasmBackendModuleThreadedSimd')) glue = text;
      else if (text.includes('WasmBackendModuleThreadedSimd(Module)')) {
        entry = text;
        if (glue !== undefined) entries.add(blob);
      }
      return blob;
    },
  });
  const workers = new Proxy(Worker, {
    construct(target, args: ConstructorParameters<typeof Worker>) {
      if (glue === undefined || entry === undefined) return new target(...args);
      const options = { type: 'text/javascript' };
      address ??= makeAddress(new StockBlob([pageSource(glue, entry)], options));
      // The text of a worker is made right before it is: what comes without one is somebody else's.
      entry = undefined;
      const worker = crew.hire(() => new target(address as string));
      if (worker instanceof IdleWorker) return worker;
      const { signal } = listening;
      worker.addEventListener('message', crew.heard, { signal });
      const fail = (event: Event): void => {
        // Nobody is left to whom TensorFlow.js could throw it.
        event.preventDefault();
        event.stopImmediatePropagation();
        const { message } = event as ErrorEvent;
        crew.fail(new Error(message || 'the browser started no worker from a blob: address'));
      };
      worker.addEventListener('error', fail, { signal });
      return worker;
    },
  });
  try {
    await withValue(globalThis, 'Blob', blobs, () =>
      withValue(URL, 'createObjectURL', addresses, () =>
        withValue(globalThis, 'Worker', workers, start),
      ),
    );
    // After a failure the other workers fail as well, and nobody needs to hear it.
    listening.abort();
  } finally {
    if (address !== undefined) URL.revokeObjectURL(address);
  }
}

/**
 * Names that mean nothing in the worker are empty in the glue: `_scriptDir`, whatever it is called, and what a bundle gives for Node's
 * `process`, of which the glue reads properties.
 */
const pageSource = (glue: string, entry: string): string => `
with (new Proxy({}, { has: (_, name) => !(name in self), get: () => '' })) {
${glue}
}
self.importScripts = () => undefined;
${entry}`;

/** Whether Node has what `startThreaded` needs: not in a bundle, where the files of TensorFlow.js are gone. */
export function canStartThreadedInNode(): boolean {
  try {
    return process.getBuiltinModule('node:fs').existsSync(glueFiles().worker);
  } catch {
    return false;
  }
}

/** The files of TensorFlow.js that a pthread runs. */
function glueFiles(): { worker: string; factory: string } {
  const { createRequire } = process.getBuiltinModule('node:module');
  const { dirname, join } = process.getBuiltinModule('node:path');
  const main = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  const file = join(dirname(main), '..', 'wasm-out', 'tfjs-backend-wasm-threaded-simd');
  return { worker: `${file}.worker.js`, factory: `${file}.js` };
}

/** What TensorFlow.js' worker script expects around it: CommonJS, and the factory of its module for an `importScripts`. */
const nodeSource = `
const { workerData } = require('node:worker_threads');
const { wasmWorkerContents } = require(workerData.worker);
// The string holds the line breaks of a string in it, which must be escapes again.
new Function('require', '__filename', wasmWorkerContents.replace(/\\n/g, '\\\\n'))(require, workerData.worker);
globalThis.importScripts = () => {
  globalThis.WasmBackendModuleThreadedSimd = require(workerData.factory);
};
`;

type NodeWorker = typeof import('node:worker_threads').Worker;

async function startInNode(cores: number, crew: Crew, start: () => Promise<void>): Promise<void> {
  const os = process.getBuiltinModule('node:os');
  const threads = process.getBuiltinModule('node:worker_threads');
  const [cpu] = os.cpus();
  const workers = new Proxy(threads.Worker, {
    construct(target, args: ConstructorParameters<NodeWorker>) {
      if (!String(args[0]).startsWith('blob:')) return new target(...args);
      const options = { eval: true, execArgv: [], workerData: glueFiles() };
      const worker = crew.hire(() => new target(nodeSource, options));
      if (worker instanceof IdleWorker) return worker;
      worker.unref();
      // The glue does so for each thread that runs, and a thread of the pool never ends.
      worker.ref = () => undefined;
      worker.on('message', crew.heard);
      // The glue throws what it hears here, where nobody can catch it.
      let stock: unknown;
      Object.defineProperty(worker, 'onerror', {
        get: () => (crew.isOver() ? stock : crew.fail),
        set: (listener: unknown) => {
          stock = listener;
        },
      });
      return worker;
    },
  });
  await withValue(
    os,
    'cpus',
    () => new Array(cores).fill(cpu),
    () =>
      withValue(threads, 'Worker', workers, () =>
        // Its glue makes this a global, which others take for a sign of a browser.
        withValue(globalThis, 'Worker', undefined, start),
      ),
  );
}

/** Gives a property another value until some work is done. */
export async function withValue<T extends object>(
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
    await within(LONGEST, new Error('it takes too long'), work());
  } finally {
    if (before === undefined) Reflect.deleteProperty(owner, key);
    else Object.defineProperty(owner, key, before);
  }
}
