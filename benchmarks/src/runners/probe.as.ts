// AssemblyScript: what the machine can do at most, measured on memory of the caller's.

export function copy(to: usize, from: usize, bytes: usize): void {
  memory.copy(to, from, bytes);
}

/** Copies `count` random rows of a table, one after the other, to `to`. */
export function gather(to: usize, table: usize, rows: u32, bytes: usize, count: u32): void {
  let state: u32 = 12345;
  for (let k: u32 = 0; k < count; k++) {
    state = state * 1664525 + 1013904223;
    const row = <u32>((<u64>state * rows) >> 32);
    memory.copy(to, table + <usize>row * bytes, bytes);
    to += bytes;
  }
}
