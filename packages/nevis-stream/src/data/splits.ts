import type { Split } from '../types.ts';
import { Mt19937 } from './mt19937.ts';

/** The splits that hold examples of their own; `train_and_dev` is made of two of them. */
export type BaseSplit = Exclude<Split, 'train_and_dev'>;

export const baseSplits: readonly BaseSplit[] = ['train', 'dev', 'dev_test', 'test'];

/** Shares of the examples that go to each split. */
export type SplitFractions = Readonly<Partial<Record<BaseSplit, number>>>;

/** Indices into the source, ascending, of the examples in each split. */
export type SplitIndices<S extends BaseSplit = BaseSplit> = Readonly<Record<S, Uint32Array>>;

interface ProtocolFractions {
  /** The source has no parts of its own. */
  readonly all: SplitFractions;
  /** The source has a test part, which is kept. */
  readonly train: SplitFractions;
  /** The source has a validation part, which becomes `dev_test`, and a test part. */
  readonly trainAndDev: SplitFractions;
  /** The test side of domain adaptation. */
  readonly testAndDevTest: SplitFractions;
}

/** The four sets of fractions that NEVIS'22 uses, by which parts the source comes with. */
export const protocolFractions: ProtocolFractions = {
  all: { train: 0.56, dev: 0.12, dev_test: 0.12, test: 0.2 },
  train: { train: 0.7, dev: 0.15, dev_test: 0.15 },
  trainAndDev: { train: 0.8, dev: 0.2 },
  testAndDevTest: { test: 0.5, dev_test: 0.5 },
};

/**
 * NEVIS'22's random splits: example i goes to the split that the i-th `multinomial(1, fractions)` of numpy's
 * `RandomState(0)` names, the fractions in the order of the splits' names. Bit-equal to numpy's legacy
 * generator, whose multinomial is a chain of binomials drawn by inversion.
 *
 * @param count Number of examples in the source.
 * @returns The members of every split in `fractions`; together they are all the examples, each once.
 */
export function drawSplits(count: number, fractions: SplitFractions): SplitIndices {
  const parts = baseSplits
    .flatMap((split) => {
      const fraction = fractions[split];
      return fraction === undefined ? [] : [{ split, fraction, indices: [] as number[] }];
    })
    .sort((a, b) => (a.split < b.split ? -1 : 1));
  const random = new Mt19937(0);
  for (let index = 0; index < count; index++) {
    let remaining = 1;
    for (const [at, part] of parts.entries()) {
      const last = at === parts.length - 1;
      if (last || drawBernoulli(random, part.fraction / remaining)) {
        part.indices.push(index);
        break;
      }
      remaining -= part.fraction;
    }
  }
  const drawn = new Map(parts.map((part) => [part.split, part.indices]));
  return byBaseSplit((split) => Uint32Array.from(drawn.get(split) ?? []));
}

// numpy compares with exp(log(q)), which is not q in the last bit.
function drawBernoulli(random: Mt19937, p: number): boolean {
  const u = random.double();
  return p <= 0.5 ? u > Math.exp(Math.log(1 - p)) : !(u > Math.exp(Math.log(p)));
}

/**
 * The rule for sources that come with a train and a test part: the first 70 % of train by index are `train`,
 * the next 15 % `dev`, the rest `dev_test`. The benchmark cuts TFDS's shard order, which nothing but TFDS
 * reproduces; here the order is that of the official file, so sizes agree and members do not.
 *
 * @param count Number of examples in the source's train part.
 */
export function sliceSplits(count: number): Readonly<Record<'train' | 'dev' | 'dev_test', Range>> {
  const trainEnd = Math.round((count * 70) / 100);
  const devEnd = Math.round((count * 85) / 100);
  return { train: [0, trainEnd], dev: [trainEnd, devEnd], dev_test: [devEnd, count] };
}

/** Half-open range of indices. */
export type Range = readonly [start: number, end: number];

/** A value for each of the four splits. */
export function byBaseSplit<T>(value: (split: BaseSplit) => T): Record<BaseSplit, T> {
  return {
    train: value('train'),
    dev: value('dev'),
    dev_test: value('dev_test'),
    test: value('test'),
  };
}
