import { BackendError } from '../errors.ts';
import { firstError, runProgram } from './run-program.ts';

/** What a tfjs-node computed on. */
export interface Trial {
  /** Version of libtensorflow. */
  readonly libtensorflow: string;
  readonly gpu: boolean;
}

/** x times x for x = [[1, 2], [3, 4]], and the gradient of the sum of its entries. */
const expected = { product: [7, 10, 15, 22], gradient: [7, 11, 9, 13] };

const start = `
const util = require('node:util');
util.isNullOrUndefined ??= (value) => value == null;
util.isArray ??= Array.isArray;
const tf = require(process.argv[1]);
tf.setBackend('tensorflow');
const { binding, isUsingGpuDevice: gpu } = tf.backend();
`;

const packageScript = `${start}
const square = (x) => tf.matMul(x, x);
const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
const product = [...square(x).dataSync()];
const gradient = [...tf.grad((x) => tf.sum(square(x)))(x).dataSync()];
console.log(JSON.stringify({ libtensorflow: binding.TF_Version, gpu, product, gradient }));
`;

/** They are for tensors on the CPU, and are never loaded where there is a GPU. */
const kernelsScript = `${start}
if (gpu) console.log('[2,-6]');
else {
  require(process.argv[2]).setThreads?.(2);
  const y = tf.backend().executeSingleOutput('NeverendTwice', [], [tf.tensor1d([1, -3])]).dataSync();
  console.log(JSON.stringify([...y]));
}
`;

/**
 * Runs an operation and a gradient with the tfjs-node in this folder, in a fresh process.
 *
 * @throws BackendError that says why it does not run, or that it computes wrong numbers.
 */
export async function tryPackage(folder: string, signal: AbortSignal): Promise<Trial> {
  const output = await runTrial('tfjs-node does', packageScript, [folder], signal);
  const { libtensorflow, gpu, ...numbers } = JSON.parse(output) as Trial & typeof expected;
  if (JSON.stringify(numbers) !== JSON.stringify(expected)) {
    throw new BackendError(
      `tfjs-node computes ${JSON.stringify(numbers)}; it must be ${JSON.stringify(expected)}`,
    );
  }
  return { libtensorflow, gpu };
}

/**
 * Loads the kernels in this file into the tfjs-node in this folder and runs one of them, in a fresh process.
 *
 * @throws BackendError that says why they do not run, or that one computes wrong numbers.
 */
export async function tryKernels(folder: string, file: string, signal: AbortSignal): Promise<void> {
  const numbers = await runTrial('the kernels do', kernelsScript, [folder, file], signal);
  if (numbers !== '[2,-6]') {
    throw new BackendError(`the kernels make ${numbers} of twice [1,-3]; it must be [2,-6]`);
  }
}

/** The last line that the script prints. */
async function runTrial(
  what: string,
  script: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const { status, stdout, output } = await runProgram(process.execPath, ['-e', script, ...args], {
    signal,
    timeout: 300_000,
    env: { ...process.env, NODE_OPTIONS: '', TF_CPP_MIN_LOG_LEVEL: '2' },
  });
  if (status !== 0) {
    const reason = firstError(output) ?? 'without a word';
    throw new BackendError(`${what} not run (status ${status}): ${reason}`);
  }
  return stdout.trim().split('\n').at(-1) ?? '';
}
