/**
 * What each further thread runs, in Node and in browsers: sleeps until there is work, takes parts of it until none is left, and
 * sleeps again. As text, because a worker cannot be started from a function, and a file of its own would not
 * survive bundlers.
 *
 * The block of memory that all threads share is described in thread-pool.ts.
 */
export const workerSource = `
const inNode = typeof require === 'function';
function work({ memory, block, index, threads }, tell) {
  const modules = [];
  function functionsOf(id, address, bytes) {
    // After another thread has let the memory grow, this one may still see it as it was.
    memory.grow(0);
    // What is shared cannot be compiled: a copy.
    const module = new WebAssembly.Module(new Uint8Array(memory.buffer, address, bytes).slice());
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    modules[id] = WebAssembly.Module.exports(module).map(({ name }) => exports[name]);
    return modules[id];
  }
  const state = new Int32Array(memory.buffer, block, 8);
  const numbers = new Float64Array(memory.buffer, block + 32, 32);
  let turn = 0;
  tell('ready');
  for (;;) {
    Atomics.wait(state, 0, turn);
    turn = Atomics.load(state, 0);
    // Only while a thread counts as busy may it read what the turn is about, and only while the turn is open.
    Atomics.add(state, 1, 1);
    if (Atomics.load(state, 2) === turn) {
      try {
        const [scratch, bytes, ...values] = numbers.subarray(0, 2 + state[4]);
        const functions = modules[state[7]] ?? functionsOf(state[7], numbers[28], numbers[29]);
        const call = functions[state[3]];
        const own = scratch + index * bytes;
        for (;;) {
          const from = Atomics.load(state, 5);
          const units = numbers[31];
          if (from >= units) break;
          const left = units - from;
          const to = from + Math.min(left, Math.max(numbers[30], Math.ceil(left / threads)));
          if (Atomics.compareExchange(state, 5, from, to) === from) call(...values, from, to, own);
        }
      } catch {
        Atomics.store(state, 6, 1);
      }
    }
    if (Atomics.sub(state, 1, 1) === 1) Atomics.notify(state, 1);
  }
}
if (inNode) {
  const { parentPort } = require('node:worker_threads');
  parentPort.once('message', (data) => work(data, (message) => parentPort.postMessage(message)));
} else {
  onmessage = ({ data }) => work(data, postMessage);
}
`;
