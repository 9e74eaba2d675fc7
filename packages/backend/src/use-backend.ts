// Node's ESM build of tfjs-core registers no gradients; tfjs-layers registers all of them.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { type BackendName, backendNames, type ChosenName } from './backend-name.ts';
import { isOwnChoice, setAsOwn } from './backends/own-choice.ts';
import { forgetPending, selectNone } from './backends/select.ts';
import { type Start, starts } from './backends/start.ts';
import type {
  AbsentBackend,
  BackendOptions,
  BackendStatus,
  ReadyBackend,
} from './backends/types.ts';
import { withdrawWebgpuInNode } from './backends/webgpu-in-node.ts';
import { checkFlag } from './check-flag.ts';
import { checkOptions } from './check-options.ts';
import { BackendError } from './errors.ts';
import { allowBackground } from './kernels/background.ts';
import { setTrust } from './kernels/trust.ts';
import { openVerdicts, useVerdicts } from './kernels/verdicts.ts';
import { within } from './patience.ts';
import { isNode } from './platform.ts';
import { registerStockFixes } from './stock-fixes/index.ts';
import { addonBuild } from './tensorflow/addon.ts';

/** A backend that was better by `auto`'s order, or that the user had set, and why it was not taken. */
export interface Skipped {
  readonly name: ChosenName;
  readonly reason: string;
  readonly fix?: string;
}

/** The backend that is current now, and why it is this one. */
export interface BackendChoice extends Omit<ReadyBackend, 'available' | 'name'> {
  /** Also a name that neverend does not know, where the user had set such a backend. */
  readonly name: string;
  /** True when this backend had been chosen before and `auto` left it. */
  readonly kept: boolean;
  /** Where an earlier call with `auto` took the backend, its reasons. */
  readonly skipped: readonly Skipped[];
}

let queue: Promise<unknown> = Promise.resolve();

const optionNames = ['wasmPath', 'threads', 'trustKernels'] as const;

/**
 * Makes a TensorFlow.js backend current and ready.
 *
 * `auto` keeps a backend that somebody has set and that runs; otherwise it takes the first of: tensorflow on CUDA,
 * webgpu on real hardware, tensorflow on the CPU, wasm, cpu. What TensorFlow.js took by itself (`tf.ready()`, the first
 * operation) is no choice, and kept only before cpu where it is another one than these. A GPU that software plays is only
 * taken by name, and so is webgl. Concurrent calls run one after the other, and a start that does not end within half a minute is a failure. After a failure the backend that was current before is current
 * again, or none is. Mends of stock TensorFlow.js are registered: see `registerStockFixes`.
 *
 * @throws BackendError when the backend asked for, or every one of them, cannot run here. @throws TypeError for an
 * option that there is not.
 */
export function useBackend(
  choice: ChosenName | 'auto' = 'auto',
  options: BackendOptions = {},
): Promise<BackendChoice> {
  return inTurn(async () => {
    checkOptions('useBackend', options, optionNames);
    const { trustKernels } = options;
    if (trustKernels !== undefined) {
      checkFlag('trustKernels', trustKernels);
      setTrust(trustKernels);
    }
    openVerdicts();
    const taken = await choose(choice, options, starts);
    registerStockFixes();
    allowBackground(!taken.softwareGpu);
    await useVerdicts({ ...taken, build: taken.name === 'tensorflow' ? addonBuild() : '' });
    return taken;
  });
}

/** One step of `auto`: a backend, and what must be true of it to be taken at this step. */
interface Candidate {
  readonly name: BackendName;
  /** Why a backend that runs here is not taken; undefined where it is. */
  readonly against?: (status: ReadyBackend) => string | undefined;
}

const candidates: readonly Candidate[] = [
  {
    name: 'tensorflow',
    against: ({ hardwareGpu, device }) =>
      hardwareGpu ? undefined : `it found no GPU that it can use over CUDA (${device})`,
  },
  {
    name: 'webgpu',
    against: ({ softwareGpu, device }) =>
      softwareGpu ? `its GPU is played by software (${device}); take it by name` : undefined,
  },
  { name: 'tensorflow' },
  { name: 'wasm' },
  { name: 'cpu' },
];

type Starts = Readonly<Record<BackendName, Start>> & Readonly<Partial<Record<'webgl', Start>>>;

/** Every name that can be chosen. */
const chosenNames: readonly ChosenName[] = [...backendNames, 'webgl'];

/** What is current before a call. */
interface Before {
  readonly name: string | undefined;
  /** TensorFlow.js took it by itself. */
  readonly own: boolean;
}

/** `useBackend` with the ways to start each backend as an argument. */
export async function choose(
  choice: ChosenName | 'auto',
  options: BackendOptions,
  start: Starts,
): Promise<BackendChoice> {
  const startOne = choice === 'auto' ? undefined : start[choice];
  if (choice !== 'auto' && !chosenNames.includes(choice)) {
    const names = ['auto', ...chosenNames].join(', ');
    throw new BackendError(`choice was ${JSON.stringify(choice)}; it must be one of ${names}`);
  }
  const before = await currentBackend();
  try {
    if (startOne === undefined) return await chooseBest(before, options, start);
    const status = await startOne(options);
    if (!status.available) throw new BackendError(explain(status));
    return chosen(status, []);
  } catch (error) {
    await restore(before);
    throw error;
  }
}

/** What the last `auto` took, and its reasons. */
let lastBest: { readonly name: string; readonly skipped: readonly Skipped[] } | undefined;

/** Keeps the backend that somebody chose if it runs; otherwise takes the best candidate. */
async function chooseBest(
  before: Before,
  options: BackendOptions,
  start: Starts,
): Promise<BackendChoice> {
  const skipped: Skipped[] = [];
  const statuses = new Map<ChosenName, BackendStatus>();
  if (before.name !== undefined && !before.own) {
    const known = chosenNames.find((name) => name === before.name);
    const startKnown = known && start[known];
    if (startKnown === undefined) return unknownBackend(before.name);
    const status = await startKnown(options);
    if (status.available) {
      const earlier = lastBest?.name === known ? lastBest?.skipped : undefined;
      return { ...chosen(status, earlier ?? []), kept: true };
    }
    statuses.set(status.name, status);
    skipped.push(whyAbsent(status));
  }
  let current: BackendName | undefined;
  for (const { name, against } of candidates) {
    if (name === 'cpu' && isOther(before)) {
      await restore(before);
      return { ...unknownBackend(before.name), kept: false, skipped };
    }
    let status = statuses.get(name);
    if (status === undefined) {
      status = await start[name](options);
      current = name;
      statuses.set(name, status);
      if (!status.available) skipped.push(whyAbsent(status));
    }
    if (!status.available) continue;
    const reason = against?.(status);
    if (reason === undefined) {
      if (current !== name) await start[name](options);
      lastBest = { name, skipped };
      return chosen(status, skipped);
    }
    skipped.push({ name, reason });
  }
  const reasons = skipped.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  throw new BackendError(`no backend can run here. ${reasons}`);
}

/**
 * Starts every backend in turn. The one that was current before is current again afterwards; where there
 * was none there is none, and `useBackend` must come before the first operation.
 *
 * @throws TypeError for an option that there is not.
 */
export function probeBackends(options: BackendOptions = {}): Promise<BackendStatus[]> {
  return inTurn(() => {
    checkOptions('probeBackends', options, optionNames);
    return probe(options);
  });
}

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = queue.then(work).finally(() => {
    if (tf.engine().backendName !== 'webgpu') withdrawWebgpuInNode();
  });
  queue = turn.catch(() => undefined);
  return turn;
}

async function probe(options: BackendOptions): Promise<BackendStatus[]> {
  const before = await currentBackend();
  const statuses: BackendStatus[] = [];
  // Node never has WebGL.
  for (const name of isNode ? backendNames : chosenNames) {
    statuses.push(await starts[name](options));
  }
  await restore(before);
  return statuses;
}

async function restore({ name, own }: Before): Promise<void> {
  if (name === undefined) await selectNone();
  else await (own ? setAsOwn(name) : tf.setBackend(name));
}

/** Milliseconds that a start of the application itself may take before nobody waits for it any more. */
const PATIENCE = 10_000;

/** The backend that is set, without starting one where none is. */
async function currentBackend(): Promise<Before> {
  const none = { name: undefined, own: false };
  const { backendName: name } = tf.engine();
  if (!name) return none;
  // Waits for a start under way. One that failed leaves its name behind without a backend.
  const late = new Error('it takes too long');
  await within(PATIENCE, late, tf.ready()).catch((error) => {
    if (error === late) forgetPending(name);
  });
  if (tf.engine().backendName !== name || !(name in tf.engine().registry)) return none;
  return { name, own: isOwnChoice() };
}

/** Whether TensorFlow.js took one that `auto` does not try: any is faster than plain JavaScript. */
function isOther(before: Before): before is Before & { readonly name: string } {
  return before.own && !backendNames.some((name) => name === before.name);
}

function unknownBackend(name: string): BackendChoice {
  return {
    name,
    version: tf.version_core,
    device: 'a device that neverend does not know',
    hardwareGpu: false,
    softwareGpu: false,
    kept: true,
    skipped: [],
  };
}

function chosen(
  { available: _, ...status }: ReadyBackend,
  skipped: readonly Skipped[],
): BackendChoice {
  return { ...status, kept: false, skipped };
}

function whyAbsent({ name, reason, fix }: AbsentBackend): Skipped {
  return { name, reason, ...(fix === undefined ? {} : { fix }) };
}

function explain({ name, reason, fix }: AbsentBackend): string {
  return `the backend "${name}" cannot run here: ${reason}${fix === undefined ? '' : ` (mend it: ${fix})`}`;
}
