/** A range with room on both sides, for a logarithmic axis. */
export function around(values: readonly number[]): readonly [from: number, to: number] {
  if (values.length === 0) return [1e9, 1e12];
  return [Math.min(...values) / 1.6, Math.max(...values) * 1.6];
}

/** Powers of ten in a range, thinned out to at most `most`; with 2 and 5 between them where they are few. */
export function logTicks(from: number, to: number, most: number): number[] {
  const first = Math.floor(Math.log10(from));
  const powers = Array.from(
    { length: Math.ceil(Math.log10(to)) - first + 1 },
    (_, at) => first + at,
  );
  const inside = (tick: number) => tick >= from && tick <= to;
  const ticks = powers.map((power) => 10 ** power).filter(inside);
  const finer =
    ticks.length < 2
      ? powers.flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power)).filter(inside)
      : ticks;
  const every = Math.ceil(finer.length / most);
  return finer.filter((_, at) => at % every === 0);
}
