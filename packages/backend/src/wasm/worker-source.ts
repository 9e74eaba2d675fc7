/**
 * What each further thread runs, in Node and in browsers: sleeps until there is work, does its share, and says so. As
 * text, because a worker cannot be started from a function, and a file of its own would not survive bundlers.
 *
 * Its memory block: int32 turn, threads that are not done, function, number of arguments, failure; then, as float64, the units of
 * work, the scratch memory and its bytes per thread, and the arguments.
 */
export const workerSource = `
const inNode = typeof require === 'function';
function work({ module, memory, block, index, threads }, tell) {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const functions = WebAssembly.Module.exports(module).map(({ name }) => exports[name]);
  const state = new Int32Array(memory.buffer, block, 8);
  const numbers = new Float64Array(memory.buffer, block + 32, 32);
  let turn = Atomics.load(state, 0);
  tell('ready');
  for (;;) {
    Atomics.wait(state, 0, turn);
    const now = Atomics.load(state, 0);
    if (now === turn) continue;
    turn = now;
    const [units, scratch, bytes, ...values] = numbers.subarray(0, 3 + state[3]);
    const from = Math.floor((units * index) / threads);
    const to = Math.floor((units * (index + 1)) / threads);
    try {
      functions[state[2]](...values, from, to, scratch + index * bytes);
    } catch {
      Atomics.store(state, 4, 1);
    }
    if (Atomics.sub(state, 1, 1) === 1) Atomics.notify(state, 1);
  }
}
if (inNode) {
  const { parentPort, workerData } = require('node:worker_threads');
  work(workerData, (message) => parentPort.postMessage(message));
} else {
  onmessage = ({ data }) => work(data, postMessage);
}
`;
