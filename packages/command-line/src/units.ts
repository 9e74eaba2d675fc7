/** Seconds for people: `8 s`, `3 min 5 s`, `2 h 10 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** `1 video`, `2 videos`, for words that take an s. */
export const count = (number: number, word: string): string =>
  `${number.toLocaleString('en')} ${word}${number === 1 ? '' : 's'}`;

const prefixes = ['', 'k', 'M', 'G', 'T'];

/** A number with a decimal prefix: `58.1 M`, `1.79 T`. */
export function withPrefix(value: number, unit = ''): string {
  const step = Math.min(
    prefixes.length - 1,
    Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)),
  );
  const scaled = value / 1000 ** step;
  const digits = step === 0 || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2;
  return `${scaled.toFixed(digits)} ${prefixes[step]}${unit}`.trimEnd();
}

/** `58.1 MB`. */
export const bytes = (count: number): string => withPrefix(count, 'B');

/** `23.1 ms`; whole ones from a hundred on. */
export const milliseconds = (time: number): string => `${time.toFixed(time < 100 ? 1 : 0)} ms`;
