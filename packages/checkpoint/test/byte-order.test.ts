import { expect, it } from 'vitest';
import { swapToHostOrder } from '../src/byte-order.ts';

it('reverses each element where host and file differ', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  swapToHostOrder(bytes, 4, true, false);
  expect([...bytes]).toEqual([4, 3, 2, 1, 8, 7, 6, 5]);
  swapToHostOrder(bytes, 2, true, false);
  expect([...bytes]).toEqual([3, 4, 1, 2, 7, 8, 5, 6]);
  swapToHostOrder(bytes, 8, false, true);
  expect([...bytes]).toEqual([6, 5, 8, 7, 2, 1, 4, 3]);
});

it('leaves bytes as they are where host and file agree, and single bytes everywhere', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4);
  swapToHostOrder(bytes, 4, true, true);
  swapToHostOrder(bytes, 4, false, false);
  swapToHostOrder(bytes, 1, true, false);
  expect([...bytes]).toEqual([1, 2, 3, 4]);
});
