import { BackendError, checkObject, checkTensor } from '@neverend/backend';
import type * as tf from '@tensorflow/tfjs-core';
import { countItems } from '../top-k.ts';

/** How a layer's items were used. */
export interface UsageReport {
  /** Tokens that were counted. */
  readonly tokens: number;
  /** N, how many items there are. */
  readonly items: number;
  /** Share of the items that were picked at least once, from 0 to 1. */
  readonly coverage: number;
  /**
   * KL divergence of the weights' shares z from an even use, log N + Σ z log z in nats: 0 where all items have the same weight, log N where one has all of it (Lample et
   * al., 2019, section 4.3). Undefined where no pick has a weight.
   */
  readonly unevenness: number | undefined;
  /** How many items with the same weight would be as even, exp(-Σ z log z): from 1 to N. Undefined where no pick has a weight. */
  readonly effectiveItems: number | undefined;
  /** Of each set, the keys that are part of no item that was picked. */
  readonly deadKeys: readonly (readonly number[])[];
  /** Share of a head's picks that another head of the same token picked, too, a mean over tokens and pairs of heads; 0 for one head. */
  readonly headOverlap: number;
}

/** What is counted of a call: `indices` `[..., H, k]`, int32, and `gates` of that shape, as `retrieve` gives them. */
export interface UsedItems {
  readonly indices: tf.Tensor;
  readonly gates: tf.Tensor;
}

/** Counts which items tokens pick, over any number of calls. */
export class ItemUsage {
  readonly #sizes: readonly number[];
  readonly #items: number;
  readonly #weights: Float64Array;
  readonly #picks: Float64Array;
  #tokens = 0;
  #shared = 0;
  #compared = 0;

  /**
   * @param sizes the number of keys of each set. @param tables in how many tables items are counted: as many as heads where these have their own. Default: 1.
   * @throws TypeError | ShapeError for sizes that are none. @throws RangeError for 2^31 items and more. @throws BackendError where there is no room for so many.
   */
  constructor(sizes: readonly number[], tables = 1) {
    const all = countItems(sizes, tables);
    this.#sizes = [...sizes];
    this.#items = all / tables;
    try {
      this.#weights = new Float64Array(all);
      this.#picks = new Float64Array(all);
    } catch (cause) {
      throw new BackendError(`there is no room to count ${all} items; each takes 16 bytes`, {
        cause,
      });
    }
  }

  /** Counts the picks of some tokens. @throws ShapeError | DTypeError naming the argument. @throws RangeError for an item that there is not, and for gates that are no weights. */
  async add(used: UsedItems): Promise<void> {
    checkObject('used', used, 'with indices and gates');
    const { indices, gates } = used;
    checkTensor('indices', indices, ['...', 'H', 'k'], 'int32');
    checkTensor('gates', gates, indices.shape);
    const [heads = 1, k = 1] = indices.shape.slice(-2);
    const [picked, weights] = await Promise.all([indices.data<'int32'>(), gates.data()]);
    const unknown = picked.find((item) => item < 0 || item >= this.#picks.length);
    if (unknown !== undefined) {
      throw new RangeError(`indices had ${unknown}; there are ${this.#picks.length} items`);
    }
    const wrong = weights.find((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
    if (wrong !== undefined) {
      throw new RangeError(`gates had ${wrong}; they must be finite numbers >= 0`);
    }
    for (const [at, item] of picked.entries()) {
      this.#picks[item] = (this.#picks[item] ?? 0) + 1;
      this.#weights[item] = (this.#weights[item] ?? 0) + (weights[at] ?? 0);
    }
    const perToken = heads * k;
    this.#tokens += picked.length / perToken;
    for (let token = 0; token < picked.length; token += perToken) {
      const sets = Array.from({ length: heads }, (_, head) => {
        const begin = token + head * k;
        return new Set(Array.from(picked.subarray(begin, begin + k), (item) => item % this.#items));
      });
      for (const [one, own] of sets.entries()) {
        for (const other of sets.slice(one + 1)) {
          this.#compared += k;
          for (const item of own) if (other.has(item)) this.#shared++;
        }
      }
    }
  }

  /** Of all that was counted so far. @throws RangeError where nothing was. */
  report(): UsageReport {
    if (this.#tokens === 0) throw new RangeError('no token was counted; add some first');
    const all = this.#picks.length;
    const total = this.#weights.reduce((sum, weight) => sum + weight, 0);
    let negentropy = 0;
    for (const weight of this.#weights) {
      if (weight > 0) negentropy += (weight / total) * Math.log(weight / total);
    }
    return {
      ...{ tokens: this.#tokens, items: all },
      coverage: this.#picks.reduce((count, picks) => count + Number(picks > 0), 0) / all,
      // Rounding alone would make it negative.
      unevenness: total > 0 ? Math.max(0, Math.log(all) + negentropy) : undefined,
      effectiveItems: total > 0 ? Math.exp(-negentropy) : undefined,
      deadKeys: this.#deadKeys(),
      headOverlap: this.#compared === 0 ? 0 : this.#shared / this.#compared,
    };
  }

  /** How often each item was picked, `[N]`, or with several tables one after another. */
  get picks(): Float64Array {
    return this.#picks.slice();
  }

  #deadKeys(): number[][] {
    const alive = this.#sizes.map(() => new Set<number>());
    for (const [at, picks] of this.#picks.entries()) {
      if (picks === 0) continue;
      let left = at % this.#items;
      for (let set = this.#sizes.length - 1; set >= 0; set--) {
        const n = this.#sizes[set] ?? 1;
        alive[set]?.add(left % n);
        left = Math.floor(left / n);
      }
    }
    return this.#sizes.map((n, set) =>
      Array.from({ length: n }, (_, key) => key).filter((key) => !alive[set]?.has(key)),
    );
  }
}
