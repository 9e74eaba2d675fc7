/**
 * A thread's part of the work, in a memory of its own.
 *
 * @typedef {{ kind: 'copy', bytes: number } | { kind: 'random rows', rows: number, rowBytes: number, count: number }} Plan
 * @param {WebAssembly.Module} module
 * @param {Plan} plan
 * @returns {() => void}
 */
export function probe(module, plan) {
  const results = plan.kind === 'copy' ? plan.bytes : plan.count * plan.rowBytes;
  const source = plan.kind === 'copy' ? plan.bytes : plan.rows * plan.rowBytes;
  const start = 1024;
  const table = start + Math.ceil(results / 64) * 64;
  const memory = new WebAssembly.Memory({ initial: Math.ceil((table + source) / 65536) });
  // Pages that were never written to are all one page.
  new Uint8Array(memory.buffer).fill(1);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const { copy, gather } = /** @type {Record<string, (...args: number[]) => void>} */ (exports);
  return plan.kind === 'copy'
    ? () => copy?.(start, table, plan.bytes)
    : () => gather?.(start, table, plan.rows, plan.rowBytes, plan.count);
}
