/** Counts of a stream at a time of the page's clock, in seconds. */
export interface Count {
  readonly at: number;
  readonly seen: number;
  readonly dropped: number;
  readonly milliseconds: number;
}

/** Frames a second, and the time that one took. */
export interface Speed {
  readonly seen: number;
  readonly dropped: number;
  readonly milliseconds: number;
}

/** How fast a stream is, over its last seconds. */
export class Speedometer {
  readonly #seconds: number;
  #counts: readonly Count[] = [];

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  add(count: Count): void {
    const recent = this.#counts.filter(({ at }) => count.at - at <= this.#seconds);
    // A frame may take longer than the time that is looked back over.
    this.#counts = [...(recent.length === 0 ? this.#counts.slice(-1) : recent), count];
  }

  /** Seconds that it looks back over now. */
  get span(): number {
    return (this.#counts.at(-1)?.at ?? 0) - (this.#counts[0]?.at ?? 0);
  }

  speed(): Speed | undefined {
    const [first, last] = [this.#counts[0], this.#counts.at(-1)];
    if (first === undefined || last === undefined || first === last) return undefined;
    const rate = (name: 'seen' | 'dropped') => (last[name] - first[name]) / (last.at - first.at);
    const sum = this.#counts.reduce((total, { milliseconds }) => total + milliseconds, 0);
    return {
      seen: rate('seen'),
      dropped: rate('dropped'),
      milliseconds: sum / this.#counts.length,
    };
  }

  clear(): void {
    this.#counts = [];
  }
}

/**
 * What is said where the machine is slower than the model's frames come, or undefined where it is not.
 *
 * @param said whether it is said already: then it stays until the machine clearly keeps up, so that it does not flicker.
 */
export function slowness(
  { seen, dropped }: Speed,
  framesPerSecond: number,
  said: boolean,
): string | undefined {
  if (dropped < (said ? 0.05 : 0.15) * (seen + dropped)) return undefined;
  return `This machine takes ${seen.toFixed(seen < 10 ? 1 : 0)} of the ${framesPerSecond} frames a second that the model wants, so what moves looks faster to it than it is.`;
}
