// What the machine can do: machine.ts <threads>. Runs the limit of a case, on the same amount of memory.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { LoadedCase } from '../types.ts';
import { type Plan, probe } from './probe.mjs';
import { type Prepared, serve } from './serve.ts';

const threads = Number(process.argv[2] ?? '1');
const require = createRequire(import.meta.url);
const assemblyScript = dirname(require.resolve('assemblyscript/package.json'));

await serve(async () => {
  if (threads > availableParallelism())
    throw new Error(`the machine has fewer than ${threads} CPUs`);
  const module = compile();
  const manifest = readFileSync(join(assemblyScript, 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  return {
    hello: { versions: { assemblyscript: version }, device: 'CPU', timed: true, threads },
    load: async (wanted) => start(module, planOf(wanted)),
  };
});

function planOf({ limit, inputs }: LoadedCase): Plan {
  const bytes = Math.ceil(limit.amount / 2 / threads / 16) * 16;
  if (limit.kind === 'copy') return { kind: 'copy', bytes };
  const [rows = 1, width = 1] = inputs[0]?.shape ?? [];
  const rowBytes = 4 * width;
  return {
    kind: 'random rows',
    rows: Math.ceil(rows / threads),
    rowBytes,
    count: Math.ceil(bytes / rowBytes),
  };
}

/** Control words: the number of the run, and how many workers have finished their part of it. */
async function start(module: WebAssembly.Module, plan: Plan): Promise<Prepared<void>> {
  const control = new Int32Array(new SharedArrayBuffer(8));
  const workers = Array.from(
    { length: threads - 1 },
    () =>
      new Worker(new URL('./probe-worker.mjs', import.meta.url), {
        workerData: { module, plan, control },
        execArgv: [],
      }),
  );
  const work = probe(module, plan);
  while (Atomics.load(control, 1) < workers.length) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return {
    run: () => {
      Atomics.store(control, 1, 0);
      Atomics.add(control, 0, 1);
      Atomics.notify(control, 0);
      work();
      while (Atomics.load(control, 1) < workers.length);
    },
    read: async () => [],
    free: () => {},
    dispose: () => {
      for (const worker of workers) void worker.terminate();
    },
  };
}

function compile(): WebAssembly.Module {
  const folder = mkdtempSync(join(tmpdir(), 'neverend-probe-'));
  try {
    const source = fileURLToPath(new URL('./probe.as.ts', import.meta.url));
    const binary = join(folder, 'probe.wasm');
    const flags = ['-O3', '--runtime', 'stub', '--importMemory'];
    // In a process of its own, which translates no TypeScript: the compiler is large.
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(assemblyScript, 'bin', 'asc.js'), source, '-o', binary, ...flags],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(`cannot compile the probe: ${stderr}`);
    return new WebAssembly.Module(readFileSync(binary));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
