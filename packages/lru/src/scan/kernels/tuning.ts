// How the work of a scan is cut on a processor. The kernels in C++ and AssemblyScript take these numbers from here.

import type { ScanAttrs } from '../types.ts';

/** Runs of columns that are shorter take longer than a second thread saves. */
export const shortestLine: number = 1536;

/** Columns at once, unless a unit of work has more: a few rows of them fit into the second-level cache. */
export const strip: number = 16_384;

/** The attributes of the ops in C++. */
export const scanOpAttributes = ({ reverse }: ScanAttrs): Record<string, boolean | bigint> => ({
  reverse,
  shortest_line: BigInt(shortestLine),
  strip: BigInt(strip),
});
