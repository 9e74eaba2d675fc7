// Node's ESM build of tfjs-core registers no gradients; tfjs-layers registers all of them.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { type Start, starts } from './backends/start.ts';
import {
  type BackendName,
  type BackendOptions,
  type BackendStatus,
  backendNames,
  type ReadyBackend,
} from './backends/types.ts';
import { BackendError } from './errors.ts';

/** A backend that was better by `auto`'s order, and why it was not taken. */
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
let probed: string | undefined;

/**
 * Makes a TensorFlow.js backend current and ready.
 *
 * `auto` keeps a backend that was already set; otherwise it takes the first of: tensorflow on CUDA, webgpu
 * on real hardware, tensorflow on the CPU, wasm, cpu. A GPU that software plays is only taken by name.
 * Concurrent calls run one after the other.
 *
 * @throws BackendError when the backend asked for, or every one of them, cannot run here.
 */
export function useBackend(
  choice: BackendName | 'auto' = 'auto',
  options: BackendOptions = {},
): Promise<BackendChoice> {
  return inTurn(() => choose(choice, options, starts));
}

/** `useBackend` with the ways to start each backend as an argument. */
export async function choose(
  choice: BackendName | 'auto',
  options: BackendOptions,
  start: Readonly<Record<BackendName, Start>>,
): Promise<BackendChoice> {
  if (choice !== 'auto') {
    if (!backendNames.includes(choice)) {
      const names = ['auto', ...backendNames].join(', ');
      throw new BackendError(`choice was ${JSON.stringify(choice)}; it must be one of ${names}`);
    }
    const status = await start[choice](options);
    if (!status.available) throw new BackendError(explain(status));
    return chosen(status, []);
  }
  const kept = await currentBackend();
  if (kept !== undefined) return kept;

  const passedOver: PassedOver[] = [];
  let tensorflowOnCpu: ReadyBackend | undefined;
  for (const name of backendNames) {
    if (name === 'wasm' && tensorflowOnCpu !== undefined) {
      await start.tensorflow(options);
      return chosen(tensorflowOnCpu, passedOver);
    }
    const status = await start[name](options);
    if (!status.available) {
      const { reason, fix } = status;
      passedOver.push({ name, reason, ...(fix === undefined ? {} : { fix }) });
    } else if (name === 'tensorflow' && !status.hardwareGpu) {
      tensorflowOnCpu = status;
    } else if (status.softwareGpu) {
      passedOver.push({ name, reason: `its GPU is played by software (${status.device})` });
    } else {
      return chosen(status, passedOver);
    }
  }
  const reasons = passedOver.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  throw new BackendError(`no backend can run here. ${reasons}`);
}

/** Starts every backend in turn; the one that was current before is current again afterwards. */
export function probeBackends(options: BackendOptions = {}): Promise<BackendStatus[]> {
  return inTurn(() => probe(options));
}

function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = queue.then(work);
  queue = turn.catch(() => undefined);
  return turn;
}

async function probe(options: BackendOptions): Promise<BackendStatus[]> {
  const before = tf.engine().backendName;
  const statuses: BackendStatus[] = [];
  for (const name of backendNames) statuses.push(await starts[name](options));
  if (before) await tf.setBackend(before);
  // TensorFlow.js cannot go back to having none; remember that nobody asked for this one.
  else probed = tf.engine().backendName;
  return statuses;
}

/** The backend that the user has set, without starting one where none is. */
async function currentBackend(): Promise<BackendChoice | undefined> {
  const name = tf.engine().backendName;
  if (!name || name === probed) return undefined;
  await tf.ready();
  return {
    name,
    version: tf.version_core,
    device: 'the backend that was already set',
    hardwareGpu: false,
    softwareGpu: false,
    kept: true,
    passedOver: [],
  };
}

function chosen(
  { name, version, device, hardwareGpu, softwareGpu }: ReadyBackend,
  passedOver: readonly PassedOver[],
): BackendChoice {
  probed = undefined;
  return { name, version, device, hardwareGpu, softwareGpu, kept: false, passedOver };
}

function explain({ name, reason, fix }: { name: string; reason: string; fix?: string }): string {
  return `the backend "${name}" cannot run here: ${reason}${fix === undefined ? '' : ` (mend it: ${fix})`}`;
}
