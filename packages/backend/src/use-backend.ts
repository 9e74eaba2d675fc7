// Node's ESM build of tfjs-core registers no gradients; tfjs-layers registers all of them.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { selectNone } from './backends/select.ts';
import { type Start, starts } from './backends/start.ts';
import {
  type AbsentBackend,
  type BackendName,
  type BackendOptions,
  type BackendStatus,
  backendNames,
  type ReadyBackend,
} from './backends/types.ts';
import { withdrawWebgpuInNode } from './backends/webgpu-in-node.ts';
import { BackendError } from './errors.ts';
import { allowBackground } from './kernels/background.ts';
import { setTrust } from './kernels/trust.ts';
import { openVerdicts, useVerdicts } from './kernels/verdicts.ts';
import { registerStockFixes } from './stock-fixes/index.ts';
import { addonBuild } from './tensorflow/addon.ts';

/** A backend that was better by `auto`'s order, or that the user had set, and why it was not taken. */
export interface PassedOver {
  readonly name: BackendName;
  readonly reason: string;
  readonly fix?: string;
}

/** The backend that is current now, and why it is this one. */
export interface BackendChoice extends Omit<ReadyBackend, 'available' | 'name'> {
  /** Also a name that neverend does not know, where the user had set such a backend. */
  readonly name: string;
  /** True when the user had set this backend before and `auto` left it. */
  readonly kept: boolean;
  readonly passedOver: readonly PassedOver[];
}

let queue: Promise<unknown> = Promise.resolve();

/**
 * Makes a TensorFlow.js backend current and ready.
 *
 * `auto` keeps a backend that was already set and runs; otherwise it takes the first of: tensorflow on CUDA,
 * webgpu on real hardware, tensorflow on the CPU, wasm, cpu. A GPU that software plays is only taken by name.
 * Concurrent calls run one after the other. After a failure the backend that was current before is current
 * again, or none is. Mends of stock TensorFlow.js are registered: see `registerStockFixes`.
 *
 * @throws BackendError when the backend asked for, or every one of them, cannot run here.
 */
export function useBackend(
  choice: BackendName | 'auto' = 'auto',
  options: BackendOptions = {},
): Promise<BackendChoice> {
  return inTurn(async () => {
    if (options.trustKernels !== undefined) setTrust(options.trustKernels);
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

type Starts = Readonly<Record<BackendName, Start>>;

/** `useBackend` with the ways to start each backend as an argument. */
export async function choose(
  choice: BackendName | 'auto',
  options: BackendOptions,
  start: Starts,
): Promise<BackendChoice> {
  if (choice !== 'auto' && !backendNames.includes(choice)) {
    const names = ['auto', ...backendNames].join(', ');
    throw new BackendError(`choice was ${JSON.stringify(choice)}; it must be one of ${names}`);
  }
  const before = await userBackend();
  try {
    if (choice === 'auto') return await chooseBest(before, options, start);
    const status = await start[choice](options);
    if (!status.available) throw new BackendError(explain(status));
    return chosen(status, []);
  } catch (error) {
    await restore(before);
    throw error;
  }
}

/** Keeps the backend of the user if it runs; otherwise takes the best candidate. */
async function chooseBest(
  before: string | undefined,
  options: BackendOptions,
  start: Starts,
): Promise<BackendChoice> {
  const passedOver: PassedOver[] = [];
  const statuses = new Map<BackendName, BackendStatus>();
  if (before !== undefined) {
    const known = backendNames.find((name) => name === before);
    if (known === undefined) return unknownBackend(before);
    const status = await start[known](options);
    if (status.available) return { ...chosen(status, []), kept: true };
    statuses.set(known, status);
    passedOver.push(whyAbsent(status));
  }
  let current: BackendName | undefined;
  for (const { name, against } of candidates) {
    let status = statuses.get(name);
    if (status === undefined) {
      status = await start[name](options);
      current = name;
      statuses.set(name, status);
      if (!status.available) passedOver.push(whyAbsent(status));
    }
    if (!status.available) continue;
    const reason = against?.(status);
    if (reason === undefined) {
      if (current !== name) await start[name](options);
      return chosen(status, passedOver);
    }
    passedOver.push({ name, reason });
  }
  const reasons = passedOver.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  throw new BackendError(`no backend can run here. ${reasons}`);
}

/**
 * Starts every backend in turn. The one that was current before is current again afterwards; where there
 * was none there is none, and `useBackend` must come before the first operation.
 */
export function probeBackends(options: BackendOptions = {}): Promise<BackendStatus[]> {
  return inTurn(() => probe(options));
}

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = queue.then(work).finally(() => {
    if (tf.engine().backendName !== 'webgpu') withdrawWebgpuInNode();
  });
  queue = turn.catch(() => undefined);
  return turn;
}

async function probe(options: BackendOptions): Promise<BackendStatus[]> {
  const before = await userBackend();
  const statuses: BackendStatus[] = [];
  for (const name of backendNames) statuses.push(await starts[name](options));
  await restore(before);
  return statuses;
}

async function restore(before: string | undefined): Promise<void> {
  if (before === undefined) await selectNone();
  else await tf.setBackend(before);
}

/** The backend that the user has set, without starting one where none is. */
async function userBackend(): Promise<string | undefined> {
  const name = tf.engine().backendName;
  if (!name) return undefined;
  // Waits for a start under way. One that failed leaves its name behind without a backend.
  await tf.ready().catch(() => undefined);
  return tf.engine().backendName === name && name in tf.engine().registry ? name : undefined;
}

function unknownBackend(name: string): BackendChoice {
  return {
    name,
    version: tf.version_core,
    device: 'a device that neverend does not know',
    hardwareGpu: false,
    softwareGpu: false,
    kept: true,
    passedOver: [],
  };
}

function chosen(
  { available: _, ...status }: ReadyBackend,
  passedOver: readonly PassedOver[],
): BackendChoice {
  return { ...status, kept: false, passedOver };
}

function whyAbsent({ name, reason, fix }: AbsentBackend): PassedOver {
  return { name, reason, ...(fix === undefined ? {} : { fix }) };
}

function explain({ name, reason, fix }: AbsentBackend): string {
  return `the backend "${name}" cannot run here: ${reason}${fix === undefined ? '' : ` (mend it: ${fix})`}`;
}
