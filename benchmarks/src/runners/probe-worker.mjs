// One more thread of the machine's probe; see machine.ts.
import { workerData } from 'node:worker_threads';
import { probe } from './probe.mjs';

/** @type {{ module: WebAssembly.Module, plan: import('./probe.mjs').Plan, control: Int32Array }} */
const { module, plan, control } = workerData;
const work = probe(module, plan);
let generation = 0;
Atomics.add(control, 1, 1);
Atomics.notify(control, 1);
for (;;) {
  Atomics.wait(control, 0, generation);
  generation = Atomics.load(control, 0);
  work();
  Atomics.add(control, 1, 1);
}
