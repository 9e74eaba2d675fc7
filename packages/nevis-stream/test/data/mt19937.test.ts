import { expect, it } from 'vitest';
import { Mt19937 } from '../../src/data/mt19937.ts';

it('has the 10000th number that the C++ standard requires of mt19937', () => {
  const random = new Mt19937(5489);
  let last = 0;
  for (let index = 0; index < 10_000; index++) last = random.uint32();
  expect(last).toBe(4123659995);
});

it('draws the first doubles of RandomState(0)', () => {
  const random = new Mt19937(0);
  // numpy.random.RandomState(0).random_sample(3)
  expect([random.double(), random.double(), random.double()]).toEqual([
    0.5488135039273248, 0.7151893663724195, 0.6027633760716439,
  ]);
});
