/** A guess about a held-out video. */
export interface GuessedVideo {
  readonly probability: number;
  readonly isRight: boolean;
}

/**
 * The least probability from which on the likeliest class is right in at least this share of the videos: below it a model had better say that
 * it is not sure. Rounded up to hundredths; 1 where there is none.
 */
export function calibrate(guesses: readonly GuessedVideo[], share: number): number {
  const sorted = [...guesses].sort((a, b) => b.probability - a.probability);
  let [right, least] = [0, 1];
  for (const [index, { probability, isRight }] of sorted.entries()) {
    right += isRight ? 1 : 0;
    if (right >= share * (index + 1)) least = probability;
  }
  return Math.ceil(100 * least) / 100;
}
