import { checkOneOf, described } from '@neverend/backend';
import { countItems } from './top-k.ts';

/**
 * In which order items of several sets of keys are numbered: `first-slowest`, i m + j, as here, in PEER-pytorch's PEER, XLM and Meta's memory layers; `first-fastest`,
 * i + n j, as in PEER-pytorch's product keys of any number of sets.
 */
export type IndexOrder = 'first-slowest' | 'first-fastest';

/**
 * Numbers of items in another order, for keys and tables of other codes: with all numbers from 0 to N - 1, in which row of their table each row of ours is.
 *
 * @param indices in the order `from`. @param sizes the number of keys of each set, in the order of the sets.
 * @returns them in the other order. @throws ShapeError for sizes that are none. @throws RangeError for an item that there is not, or another order.
 */
export function convertIndices(
  indices: ArrayLike<number>,
  sizes: readonly number[],
  from: IndexOrder,
): Int32Array {
  const items = countItems(sizes);
  checkOneOf('from', from, ['first-slowest', 'first-fastest']);
  if (!Array.isArray(indices) && !ArrayBuffer.isView(indices)) {
    throw new TypeError(`indices was ${described(indices)}; it must be a list of numbers`);
  }
  // The set that is counted fastest first.
  const fastest = from === 'first-slowest' ? [...sizes].reverse() : sizes;
  return Int32Array.from(indices, (index) => {
    if (!(Number.isInteger(index) && index >= 0 && index < items)) {
      throw new RangeError(`indices had ${index}; there are ${items} items`);
    }
    let [left, converted] = [index, 0];
    // What was counted fastest is counted slowest.
    for (const n of fastest) {
      converted = converted * n + (left % n);
      left = Math.floor(left / n);
    }
    return converted;
  });
}
