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

const script = `
const util = require('node:util');
util.isNullOrUndefined ??= (value) => value == null;
util.isArray ??= Array.isArray;
const tf = require(process.argv[1]);
tf.setBackend('tensorflow');
const square = (x) => tf.matMul(x, x);
const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
const product = [...square(x).dataSync()];
const gradient = [...tf.grad((x) => tf.sum(square(x)))(x).dataSync()];
const { binding, isUsingGpuDevice: gpu } = tf.backend();
console.log(JSON.stringify({ libtensorflow: binding.TF_Version, gpu, product, gradient }));
`;

/**
 * Runs an operation and a gradient with the tfjs-node in this folder, in a fresh process.
 *
 * @throws BackendError that says why it does not run, or that it computes wrong numbers.
 */
export async function tryPackage(folder: string, signal: AbortSignal): Promise<Trial> {
  const { status, stdout, output } = await runProgram(process.execPath, ['-e', script, folder], {
    signal,
    timeout: 300_000,
    env: { ...process.env, NODE_OPTIONS: '', TF_CPP_MIN_LOG_LEVEL: '2' },
  });
  if (status !== 0) {
    const reason = firstError(output) ?? 'without a word';
    throw new BackendError(`tfjs-node does not run (status ${status}): ${reason}`);
  }
  const { libtensorflow, gpu, ...numbers } = JSON.parse(
    stdout.trim().split('\n').at(-1) ?? '',
  ) as Trial & typeof expected;
  if (JSON.stringify(numbers) !== JSON.stringify(expected)) {
    throw new BackendError(
      `tfjs-node computes ${JSON.stringify(numbers)}; it must be ${JSON.stringify(expected)}`,
    );
  }
  return { libtensorflow, gpu };
}
