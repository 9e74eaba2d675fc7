import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** The data sets in this package. */
export const datasets: readonly NevisOpenName[] = ['landsat', 'fashion-mnist'];
export type NevisOpenName = 'landsat' | 'fashion-mnist';

/** The splits of NEVIS'22, in the order in which the examples are stored. */
export const splitNames: readonly NevisOpenSplit[] = ['train', 'dev', 'dev_test', 'test'];
export type NevisOpenSplit = 'train' | 'dev' | 'dev_test' | 'test';

/** What `data/manifest.json` says of a data set. */
export interface NevisOpenInfo {
  /** The task's name in NEVIS'22. */
  readonly name: string;
  /** The data set's own title. */
  readonly title: string;
  /** The year of the stream that it appears in. */
  readonly year: number;
  readonly domain: string;
  /** Height, width and channels of every image. */
  readonly shape: readonly [height: number, width: number, channels: number];
  /** The names of the classes, by class id. */
  readonly classNames: readonly string[];
  /** Where the examples were taken from. */
  readonly source: string;
  readonly url: string;
  /** SPDX identifier. */
  readonly licence: string;
  readonly attribution: string;
  /** MD5 of each file of the source. */
  readonly md5: Readonly<Record<string, string>>;
  /** Number of examples in each split. */
  readonly splits: Readonly<Record<NevisOpenSplit, number>>;
  /** SHA-256 of all images followed by all labels. */
  readonly sha256: string;
}

/** Images `[N, H, W, C]` and class ids `[N]`, as bytes in row-major order. */
export interface NevisOpenExamples {
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/** A data set: what is known of it, and its examples. */
export interface NevisOpenData {
  readonly info: NevisOpenInfo;
  /** The examples of each split, views of one buffer. */
  readonly splits: Readonly<Record<NevisOpenSplit, NevisOpenExamples>>;
}

const folder = new URL('../data/', import.meta.url);

/**
 * What is known of a data set, without its examples.
 *
 * @throws RangeError when `name` is not one of `datasets`.
 */
export async function describeNevisOpen(name: NevisOpenName): Promise<NevisOpenInfo> {
  if (!datasets.includes(name)) {
    throw new RangeError(`name is ${String(name)}; it must be one of ${datasets.join(', ')}`);
  }
  const text = await readFile(new URL('manifest.json', folder), 'utf8');
  return (JSON.parse(text) as Record<NevisOpenName, NevisOpenInfo>)[name];
}

/**
 * A data set, decompressed and checked against the SHA-256 in the manifest.
 *
 * @throws RangeError when `name` is not one of `datasets`, Error when the file in this package is damaged.
 */
export async function loadNevisOpen(name: NevisOpenName): Promise<NevisOpenData> {
  const info = await describeNevisOpen(name);
  const file = new URL(`${name}.bin.gz`, folder);
  const damaged = (cause?: unknown): Error =>
    new Error(`${fileURLToPath(file)} is absent or damaged; install @neverend/nevis-open again`, {
      cause,
    });
  let content: Buffer;
  try {
    content = await promisify(gunzip)(await readFile(file));
  } catch (error) {
    throw damaged(error);
  }
  if (createHash('sha256').update(content).digest('hex') !== info.sha256) throw damaged();

  const imageSize = info.shape.reduce((product, length) => product * length, 1);
  const count = splitNames.reduce((sum, split) => sum + info.splits[split], 0);
  let start = 0;
  const parts = splitNames.map((split): [NevisOpenSplit, NevisOpenExamples] => {
    const end = start + info.splits[split];
    const images = content.subarray(start * imageSize, end * imageSize);
    const labels = content.subarray(count * imageSize + start, count * imageSize + end);
    start = end;
    return [split, { images, labels }];
  });
  return { info, splits: Object.fromEntries(parts) as NevisOpenData['splits'] };
}
