import * as tf from '@tensorflow/tfjs-core';
import { BackendError } from '../errors.ts';
import { releasePacked } from '../packed-weights.ts';
import { isNode } from '../platform.ts';
import { giveBackAfterFailure } from './give-back.ts';
import { heapRegions } from './heap-regions.ts';
import { memoryOf, type WasmBackend } from './host.ts';
import { stockScratchBytes } from './stock-scratch.ts';

/** What the checks need of TensorFlow.js' wasm backend. */
interface StockBackend extends tf.KernelBackend {
  wasm: StockModule;
  readonly dataIdMap: {
    dataMover: { moveData(to: tf.KernelBackend, dataId: tf.DataId): void };
  };
}

/** What TensorFlow.js and its kernels call of Emscripten's module. */
interface StockModule extends Pick<WasmBackend['wasm'], 'wasmMemory' | 'asm'> {
  _malloc(bytes: number): number;
  _free(address: number): void;
  readonly HEAPU8: Uint8Array;
  readonly PThread?: unknown;
  onAbort?: () => void;
  cwrap(name: string, ...types: unknown[]): (...args: unknown[]) => unknown;
  readonly tfjs: {
    registerTensor(id: number, size: number, address: number): void;
    disposeData(id: number): void;
  };
}

/**
 * What the allocator adds up wraps at 2^32: a free region whose start and the size asked for sum up to more counts as large enough. The end
 * of the heap stays so far below that no size up to this is met by that.
 */
const smallBytes = 2 ** 26;
/** How far the heap grows. */
export const mostHeapBytes: number = 2 ** 32 - smallBytes;
const pageBytes = 65_536;
/** What the allocator needs around a block, at most. */
const slackBytes = 256;
/** Bytes that C++ may need for its lists in any call. */
const reserveBytes = 65_536;

/** Known to other copies of this package too. */
const state = Symbol.for('neverend.checkedHeap');

/** A backend that `checkHeap` was told of, with the reason where it has ended. */
interface Checked {
  [state]?: { ended?: string };
}

/** Makes the next start of wasm a new one where the C++ of the one that runs has failed. */
export function forgetEnded(): void {
  const { registry } = tf.engine();
  const backend: Checked | undefined = registry['wasm'] as Checked | undefined;
  if (backend?.[state]?.ended !== undefined) delete registry['wasm'];
}

/**
 * Makes each allocation that JavaScript sees on a wasm backend throw a BackendError where the heap is full; stock, it gives
 * address 0, where the C++ keeps its own. Calls of C++ that allocates by itself look for room before. Where that aborts
 * all the same the backend ends: from then on every use of it throws, until `useBackend('wasm')` starts another. Once per backend.
 */
export function checkHeap(anyBackend: object): void {
  const backend = anyBackend as StockBackend & Checked;
  if (backend[state] !== undefined) return;
  const own: { ended?: string } = {};
  backend[state] = own;
  const { wasm } = backend;
  // At their first call both put what they are compiled to in their own place.
  const block = wasm._malloc(1);
  wasm._free(wasm._malloc(1));
  const { _malloc: malloc, _free: free, cwrap } = wasm;
  const regions = heapRegions(() => wasm.HEAPU8, block, free);
  free(block);
  const { registerTensor, disposeData } = wasm.tfjs;
  // A Map of so many takes microseconds for each that comes and goes.
  const sizes: Record<number, number> = {};

  const bytesInUse = () =>
    top() - (regions?.free() ?? []).reduce((sum, { bytes }) => sum + bytes, 0);

  function full(bytes: number): BackendError {
    const { length } = wasm.HEAPU8;
    const refused = top() + bytes + reserveBytes < mostHeapBytes;
    return new BackendError(
      `the wasm backend has no room for ${inWords(bytes)}: ${inWords(bytesInUse())} are in use, and its heap holds ${inWords(mostHeapBytes)} at most${
        refused ? `, of which this host gave it no more than ${inWords(length)}` : ''
      }; dispose of tensors, or make them smaller`,
    );
  }

  const top = () => regions?.top() ?? wasm.HEAPU8.length;
  const memory = memoryOf(backend);
  let asked = 0;
  // Emscripten asks for more than it needs, and gives up where that is too much.
  memory.grow = (pages) => {
    const { grow } = WebAssembly.Memory.prototype;
    const { byteLength } = memory.buffer;
    const room = (mostHeapBytes - byteLength) / pageBytes;
    const needed = Math.ceil((top() + asked + slackBytes - byteLength) / pageBytes);
    const isMore = asked > 0 && needed < pages;
    if (pages <= room) {
      try {
        return grow.call(memory, pages);
      } catch (error) {
        if (!isMore) throw error;
      }
    } else if (!isMore || needed > room) throw new RangeError('the wasm heap is full');
    return grow.call(memory, Math.max(0, needed));
  };

  /** The address of a block, or 0 where the heap is full. Stock, it is a negative number above 2 GiB. */
  function take(bytes: number): number {
    if (bytes > mostHeapBytes) return 0;
    if (bytes > smallBytes - slackBytes && wraps(top(), bytes)) {
      if (regions === undefined) return 0;
      const free = regions.free();
      if (free.some(({ start }) => wraps(start, bytes))) {
        const fitting = free.filter((region) => region.bytes >= bytes);
        const [least] = fitting.sort((a, b) => a.bytes - b.bytes);
        return least === undefined ? 0 : regions.take(least, bytes);
      }
    }
    asked = bytes;
    try {
      return malloc(bytes) >>> 0;
    } finally {
      asked = 0;
    }
  }

  /** The same, at the cost of weights that are kept packed. */
  const takeOrMakeRoom = (bytes: number): number =>
    take(bytes) || (releasePacked(backend) ? take(bytes) : 0);

  /** @throws BackendError where C++ cannot have so many bytes at once, and those that it may need in any call. */
  function assertRoom(bytes: number): void {
    const all = bytes + reserveBytes + 32 * backend.numDataIds();
    const address = takeOrMakeRoom(all);
    if (address === 0) throw full(bytes);
    free(address);
    // C++ takes it by itself, without our care.
    if (all > smallBytes && regions?.free().some(({ start }) => wraps(start, all)))
      throw full(bytes);
  }

  wasm._malloc = (bytes) => {
    const address = takeOrMakeRoom(bytes);
    if (address === 0) throw full(bytes);
    try {
      assertRoom(0);
    } catch {
      free(address);
      throw full(bytes);
    }
    return address;
  };
  // C++ knows tensors by numbers.
  wasm.tfjs.registerTensor = (id, size, address) => {
    sizes[id] = size;
    registerTensor(id, size, address);
  };
  wasm.tfjs.disposeData = (id) => {
    delete sizes[id];
    disposeData(id);
  };

  let running = 'TensorFlow.js';
  const lost = () => new BackendError(own.ended ?? '');
  function end(): BackendError {
    own.ended = `the wasm backend has ended: its C++ failed in ${running}, most likely for want of memory (${inWords(bytesInUse())} were in use, and its heap holds ${inWords(mostHeapBytes)} at most). Its tensors are lost; useBackend('wasm') starts another`;
    // Its threads, and whatever else is to be freed with it.
    backend.wasm = stub(lost, wasm.PThread);
    backend.dispose();
    backend.wasm = stub(lost, undefined);
    if (isNode) removeEmscriptenListeners();
    return lost();
  }
  // Where it returns, Emscripten throws an error of its own, after a line on the console.
  wasm.onAbort = () => {
    throw end();
  };
  wasm.cwrap = (name, ...types) => {
    const stock = cwrap(name, ...types);
    return (...args) => {
      if (own.ended !== undefined) throw lost();
      const bytes = stockScratchBytes(name, args, (id) => sizes[id] ?? 0);
      if (bytes > 0) assertRoom(bytes);
      running = name;
      try {
        return stock(...args);
      } catch (error) {
        // A trap, such as a read past the end of the heap.
        throw error instanceof WebAssembly.RuntimeError ? end() : error;
      }
    };
  };

  // Stock, what finds no room on its way from another backend is gone from there too.
  const { dataMover } = backend.dataIdMap;
  backend.dataIdMap.dataMover = {
    moveData(to, dataId) {
      const info = tf.engine().state.tensorInfo.get(dataId);
      if (info !== undefined && info.dtype !== 'string') assertRoom(info.bytes);
      dataMover.moveData(to, dataId);
    },
  };
  giveBackAfterFailure(backend);
  // The kernels have taken their C++ functions.
  for (const { setupFunc } of tf.getKernelsForBackend('wasm')) setupFunc?.(backend);
}

const wraps = (start: number, bytes: number): boolean => start + bytes + slackBytes >= 2 ** 32;

/** The module of a backend that has ended: its tensors can be disposed of, and all else throws. */
function stub(lost: () => BackendError, PThread: unknown): StockModule {
  const module = {
    _free() {},
    tfjs: { disposeData() {}, dispose() {} },
    ...(PThread === undefined ? {} : { PThread }),
  };
  return new Proxy(module, {
    get(target, name) {
      if (name in target) return target[name as keyof typeof target];
      throw lost();
    },
  }) as unknown as StockModule;
}

/** Emscripten's handlers of errors throw them again, as Node does without any. But they keep the memory of their module. */
function removeEmscriptenListeners(): void {
  const texts = /\bExitStatus\b|^function ?\(reason\) ?\{\s*throw reason;?\s*\}$/;
  const events: NodeJS.EventEmitter = process;
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    for (const listener of events.listeners(event)) {
      if (texts.test(String(listener))) events.off(event, listener as () => void);
    }
  }
}

const inWords = (bytes: number): string =>
  bytes < 2 ** 20 ? `${bytes} bytes` : `${bytes} bytes (${(bytes / 2 ** 20).toFixed(1)} MiB)`;
