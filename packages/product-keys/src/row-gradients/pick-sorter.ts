import { type SortedPicks, sortPicks } from '../sort-picks.ts';

/** Sorts equal picks once: the tables of a layer have the same. Whether they have is known by the numbers alone, as a backend may copy a tensor that is reshaped. */
export class PickSorter {
  readonly #known: { readonly picks: Int32Array; readonly sorted: SortedPicks }[] = [];

  sort(picks: Int32Array): SortedPicks {
    const known = this.#known.find((one) => areEqual(one.picks, picks));
    if (known) return known.sorted;
    const sorted = sortPicks(picks);
    this.#known.push({ picks, sorted });
    return sorted;
  }
}

function areEqual(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
