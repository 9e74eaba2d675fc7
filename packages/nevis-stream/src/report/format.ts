import { type Html, html } from './html.ts';

/** A share in [0, 1] as `9.84%`. */
export function formatShare(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}

/** A difference of shares in percentage points: `2.36`. */
export function formatPoints(share: number): string {
  const points = (100 * share).toFixed(2);
  return points === '-0.00' ? '0.00' : points.replace('-', '−');
}

/** A p-value: `p = 0.021`, or `p < 0.001`. */
export function formatPValue(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`;
}

/** Nats with three decimals, or a dash where there was no finite row. */
export function formatNats(nats: number | null): string {
  return nats === null ? '–' : nats.toFixed(3);
}

/** A whole number as `41,968`. */
export function formatCount(count: number | bigint): string {
  return count.toLocaleString('en-US');
}

const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];

/** Floating-point operations, a decimal string, with three significant digits: `1.23 TFLOP`. */
export function formatFlops(flops: string): string {
  const value = Number(flops);
  if (value < 1000) return `${flops} FLOP`;
  // Rounds first, so that 999 999 becomes 1.00 M and not 1000 k.
  const [digits = '', power = '0'] = value.toExponential(2).split('e+');
  const thousands = Math.min(Math.floor(Number(power) / 3), prefixes.length - 1);
  const shift = Number(power) - 3 * thousands;
  const number = (Number(digits) * 10 ** shift).toFixed(Math.max(0, 2 - shift));
  return `${number} ${prefixes[thousands]}FLOP`;
}

/** Seconds as `0.84 s`, `12.3 s`, `2 min 05 s` or `1 h 02 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const padded = (count: number) => String(count).padStart(2, '0');
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${padded(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${padded(minutes % 60)} min`;
}

/** Bytes as `7.8 GiB`. */
export function formatGibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** A word with its number: `1 task`, `5 tasks`. */
export function plural(count: number, word: string, words = `${word}s`): string {
  return `${formatCount(count)} ${count === 1 ? word : words}`;
}

/** What stands before an item of a list in a sentence: `a, b and c`. */
export function separator(place: number, count: number): string {
  return place === 0 ? '' : place === count - 1 ? ' and ' : ', ';
}

/**
 * A number on the page: the text that `format` makes of it, the exact value for machines and, where the
 * number is one of the report data's, the JSON pointer to it.
 */
export function quantity<Value extends number | string | bigint | null>(
  value: Value,
  format: (value: Value) => string,
  pointer?: string,
): Html {
  const from = pointer === undefined ? '' : html` data-from="${pointer}"`;
  return html`<data value="${String(value ?? '')}"${from}>${format(value)}</data>`;
}
