import { readFileSync } from 'node:fs';

/** One array of a golden file, row-major. */
export interface GoldenArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** Numbers that another implementation computed, and how it did. */
export interface Golden {
  /** What made the numbers: library, version, settings. */
  readonly meta: Readonly<Record<string, unknown>>;
  readonly arrays: Readonly<Record<string, GoldenArray>>;
}

/**
 * Reads a golden file: JSON of `{ meta, arrays: { name: { dtype, shape, data } } }`.
 *
 * @param url for example `new URL('golden/adamw.json', import.meta.url)`.
 * @throws Error naming the array whose data does not fit its shape or holds something but finite numbers.
 */
export function readGolden(url: URL): Golden {
  const golden = JSON.parse(readFileSync(url, 'utf8')) as Golden;
  if (typeof golden?.meta !== 'object' || typeof golden.arrays !== 'object') {
    throw new Error(`${url.pathname} must hold an object with "meta" and "arrays"`);
  }
  for (const [name, { shape, data }] of Object.entries(golden.arrays)) {
    const size = shape.reduce((product, dimension) => product * dimension, 1);
    if (data.length !== size) {
      throw new Error(
        `${url.pathname}: array "${name}" of shape [${shape}] has ${data.length} numbers; it must have ${size}`,
      );
    }
    const wrong = data.findIndex((value) => !Number.isFinite(value));
    if (wrong >= 0) {
      throw new Error(
        `${url.pathname}: array "${name}" has ${data[wrong]} at ${wrong}; it must be finite`,
      );
    }
  }
  return golden;
}
