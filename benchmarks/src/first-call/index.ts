import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { summarize } from '../statistics.ts';
import { beyondStock } from './limits.ts';
import { browserPlaces, nodeProcesses, type Place } from './places.ts';
import { type FirstCallResult, type Start, type Times, type Way, ways } from './types.ts';

/**
 * Times the first result and the first gradient in fresh processes, pages and module workers.
 *
 * @param scratch a folder for what is left behind. @param runs of each way to start.
 */
export async function firstCalls(
  scratch: string,
  runs: number,
  say: (line: string) => void,
): Promise<FirstCallResult[]> {
  // Below the package, so that what it finds in node_modules is found from there.
  const home = dirname(fileURLToPath(import.meta.resolve('@neverend/backend/package.json')));
  mkdirSync(join(home, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(home, '.cache', 'first-call-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  await bundle(folder);
  const { places, close } = await browserPlaces(folder);
  const results: FirstCallResult[] = [];
  const measure = async (
    place: Place,
    backend: Start['backend'],
    threads: number,
    times: number,
  ) => {
    try {
      results.push(...(await medians(place, { backend, threads }, times)));
      say(`${place.name}, ${backend}: done`);
    } catch (error) {
      say(
        `${place.name}, ${backend}: left out, since ${(error as Error).message.split('\n', 1)[0]}`,
      );
    }
  };
  try {
    const node = nodeProcesses(folder, scratch);
    // Stock TensorFlow.js has one thread on wasm in Node, and takes all processors on tensorflow.
    await measure(node, 'wasm', 1, runs);
    await measure(node, 'tensorflow', availableParallelism(), runs);
    for (const place of places) await measure(place, 'wasm', 2, runs);
    // Software plays the GPU, which takes half a minute.
    const [page] = places;
    if (page !== undefined) await measure(page, 'webgpu', 1, 1);
  } finally {
    await close();
  }
  return results;
}

async function bundle(folder: string): Promise<void> {
  const options: BuildOptions = {
    entryPoints: ['own', 'stock'].map((name) =>
      fileURLToPath(new URL(`${name}.ts`, import.meta.url)),
    ),
    outdir: folder,
    ...{ bundle: true, format: 'esm', conditions: ['@neverend/source'], logLevel: 'error' },
    // As a build does, so that verdicts are kept.
    define: { 'import.meta.neverendCode': '"benchmark"' },
  };
  const external = ['@tensorflow/*', 'webgpu'];
  await build({ ...options, platform: 'node', external, outExtension: { '.js': '.mjs' } });
  await build({ ...options, platform: 'browser', external: ['node:*'] });
}

/** The ways in turn, so that what else the machine does meets all alike. */
async function medians(
  place: Place,
  start: Pick<Start, 'backend' | 'threads'>,
  runs: number,
): Promise<FirstCallResult[]> {
  const all = new Map<Way, Times[]>(ways.map((way) => [way, []]));
  for (let run = 0; run < runs; run++) {
    const store = await place.open();
    try {
      for (const way of ways) {
        const program = way === 'stock' ? 'stock' : 'own';
        const how = { ...start, trust: way === 'trust', composites: way === 'composites' };
        all.get(way)?.push(await store.run(program, how));
      }
    } finally {
      await store.close();
    }
  }
  return [...all].map(([way, times]) => ({
    ...{ place: place.name, ...start, way, runs },
    times: {
      start: median(times.map((one) => one.start)),
      first: median(times.map((one) => one.first)),
      second: median(times.map((one) => one.second)),
      gradient: median(times.map((one) => one.gradient)),
      secondGradient: median(times.map((one) => one.secondGradient)),
    },
  }));
}

const median = (times: readonly number[]): number => summarize(times).median;

/** A table of them in Markdown: milliseconds, and what is beyond stock TensorFlow.js. */
export function firstCallTable(results: readonly FirstCallResult[]): string {
  const rows = results.map((result) => {
    const { place, backend, threads, way, times } = result;
    const beyond = way === 'stock' ? undefined : beyondStock(result, results);
    const { start, first, second, gradient, secondGradient } = times;
    const numbers = [start, first, second].map((value) => value.toFixed(0));
    const gradients = [gradient, gradient - secondGradient].map((value) => value.toFixed(0));
    return [
      `${place}, ${backend}`,
      `${threads}`,
      way,
      ...numbers,
      beyond?.toFixed(0) ?? '-',
      ...gradients,
    ];
  });
  const head = [
    'where',
    'threads',
    'start with',
    'backend ready',
    'first result',
    'second',
    'beyond stock',
  ];
  const lines = [
    [...head, 'first gradient', 'over the second'],
    ['---', ...new Array<string>(8).fill('---:')],
    ...rows,
  ];
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`;
}
