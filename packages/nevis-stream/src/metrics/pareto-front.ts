import { checkIsList } from './checks.ts';

/** What a run cost and how well it did; smaller is better in both. */
export interface CostAndError {
  readonly flops: bigint | number;
  readonly error: number;
}

/**
 * The points that no other point dominates, cheapest first. p dominates q when it costs no more and errs
 * no more, and is smaller in one of the two; so equal points stay together.
 *
 * @throws TypeError for what is no list.
 */
export function paretoFront<Point extends CostAndError>(points: readonly Point[]): Point[] {
  checkIsList('points', points);
  const dominates = (p: Point, q: Point) =>
    p.flops <= q.flops && p.error <= q.error && (p.flops < q.flops || p.error < q.error);
  return points
    .filter((q) => !points.some((p) => dominates(p, q)))
    .sort((p, q) => (p.flops < q.flops ? -1 : p.flops > q.flops ? 1 : 0));
}
