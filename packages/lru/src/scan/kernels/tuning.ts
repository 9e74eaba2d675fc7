// How the work of a scan is cut on a processor. AssemblyScript takes these numbers as arguments. An op in C++ has room for one
// attribute, the direction, and an input of its own for them would cost each call: `scan.h` repeats them, and a test holds it to these.

/** Runs of columns that are shorter take longer than a second thread saves. */
export const shortestLine: number = 1536;

/** Columns at once, unless a unit of work has more: a few rows of them fit into the second-level cache. */
export const strip: number = 16_384;
