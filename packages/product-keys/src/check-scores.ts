import * as tf from '@tensorflow/tfjs-core';

/** Backends whose numbers can be looked at without waiting. */
const onHost = new Set(['cpu', 'wasm']);

/**
 * What came out of the scores, which have this name, tells whether they were numbers: the best of a row is Infinity where one was not, and the last is -Infinity where too
 * few are left. On a device they are looked at in debug mode alone. @throws RangeError; where a device cannot be read without waiting, as WebGPU in Node, a line says the same.
 */
export function checkScores(best: tf.Tensor, k: number, name: string): void {
  const backend = tf.getBackend();
  if (!onHost.has(backend) && !tf.env().getBool('DEBUG')) return;
  if (backend === 'webgpu' && typeof OffscreenCanvas === 'undefined')
    void checkLater(best, k, name);
  else check(best.dataSync(), k, name, best.shape);
}

/** Nobody could catch an error. */
async function checkLater(best: tf.Tensor, k: number, name: string): Promise<void> {
  const held = tf.keep(tf.clone(best));
  try {
    check(await held.data(), k, name, best.shape);
  } catch (error) {
    // biome-ignore lint/suspicious/noConsole: whoever turned the debug mode on must hear it.
    console.warn(`neverend: ${(error as Error).message}`);
  } finally {
    held.dispose();
  }
}

function check(values: ArrayLike<number>, k: number, name: string, shape: readonly number[]): void {
  for (let at = 0; at < values.length; at += k) {
    const row = rowOf(at / k, shape);
    if (values[at] === Number.POSITIVE_INFINITY) {
      throw new RangeError(
        `${name} had NaN or Infinity in row ${row}, or a sum beyond float32; they must be numbers, or -Infinity for what is masked`,
      );
    }
    if (values[at + k - 1] === Number.NEGATIVE_INFINITY) {
      let finite = 0;
      while (values[at + finite] !== Number.NEGATIVE_INFINITY) finite++;
      throw new RangeError(
        `${name} had ${finite} sums that are not -Infinity in row ${row}; k was ${k}, and there must be as many`,
      );
    }
  }
}

/** Rows of `[..., H, k]` are those of the heads of tokens. */
function rowOf(row: number, shape: readonly number[]): string {
  const heads = shape.at(-2) ?? 1;
  const place = ` (head ${row % heads} of token ${Math.floor(row / heads)})`;
  return `${row}${shape.length < 3 ? '' : place}`;
}
