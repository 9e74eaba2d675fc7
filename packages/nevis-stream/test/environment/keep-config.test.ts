import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settingsOf } from '../../src/commands.ts';
import type { RunConfig } from '../../src/environment/run-config.ts';
import { runStream } from '../../src/environment/run-stream.ts';
import { type Preset, presets } from '../../src/presets.ts';
import { createLearner, type RunSettings } from '../../src/settings.ts';
import type { Json } from '../../src/types.ts';
import { meansLearner, toyStream } from './toy.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nevis-folder-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const backend = { name: 'wasm', version: '4.22.0', device: 'CPU, 1 thread' };
const options = () => ({
  ...{ folder, stream: toyStream(), learners: [meansLearner('a'), meansLearner('b')] },
  ...{ seed: 3, backend },
});

/** What the run of a preset keeps. */
async function writeRun(name: string, seed: number, change: Partial<RunConfig> = {}) {
  const config = { ...configOf(name, seed), ...change };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
}

function configOf(name: string, seed: number): RunConfig {
  const { stream, learners } = presets[name] as Preset;
  const own = learners.map(createLearner);
  return {
    ...{ schema: 1, program: '@neverend/nevis-stream 0.0.0', preset: name, seed, backend },
    stream: stream as unknown as Json,
    learners: own.map(({ name, title, settings }) => ({ name, title, settings })),
  };
}

/** Asks for the run of a preset, in the folder of another; data that nobody reads will do. */
async function refusal(name: string, seed: number, change: object = {}): Promise<string> {
  const { stream, learners } = presets[name] as Preset;
  const before = await contents();
  const run = runStream({
    ...{ folder, seed, backend, preset: name, stream: toyStream() },
    learners: learners.map(createLearner),
    streamSettings: stream as unknown as Json,
    ...change,
  });
  const message = await run.then(
    () => 'it ran',
    (error: Error) => error.message,
  );
  expect(await contents()).toEqual(before);
  expect(message).not.toContain('\n');
  return message;
}

async function contents(): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const read = async (file: (typeof files)[number]) => {
    const path = join(file.parentPath, file.name);
    return [path, await readFile(path, 'utf8')] as const;
  };
  return Object.fromEntries(await Promise.all(files.map(read)));
}

describe('a folder with another run', () => {
  const end = () => `use another folder, or go on with those by: nevis resume ${folder}`;

  it('of another preset is refused by its preset and seed alone', async () => {
    await writeRun('smoke', 0);
    expect(await refusal('start', 1)).toBe(
      `${folder} holds a run with other settings (preset: "smoke" became "start"; seed: 0 became 1); ${end()}`,
    );
    expect(await refusal('start', 0)).toBe(
      `${folder} holds a run with other settings (preset: "smoke" became "start"); ${end()}`,
    );
  });

  it('is refused by everything that a command line gives, and by nothing that follows from it', async () => {
    await writeRun('smoke', 0, { program: '@neverend/nevis-stream 0.0.1' });
    const { stream } = presets['start'] as Preset;
    const change = {
      backend: { name: 'cpu', version: '4.22.1', device: 'CPU' },
      streamSettings: { ...stream, labels: 'shuffled' },
    };
    expect(await refusal('start', 1, change)).toBe(
      `${folder} holds a run with other settings (preset: "smoke" became "start"; seed: 0 became 1; backend: "wasm" became "cpu"; ` +
        `stream.labels: "true" became "shuffled"; program: "@neverend/nevis-stream 0.0.1" became "@neverend/nevis-stream 0.0.0"); ${end()}`,
    );
  });

  it('is refused by the first of what else differs, and how much more there is', async () => {
    await writeRun('smoke', 0);
    const own = { preset: 'smoke', ...{ streamSettings: presets['start']?.stream } };
    expect(await refusal('start', 0, own)).toBe(
      `${folder} holds a run with other settings (stream.limit.dev: 64 became 640; stream.limit.eval: 128 became 2000; ` +
        `stream.limit.train: 256 became 6000; and 26 more); ${end()}`,
    );
    const one = { preset: 'smoke', ...{ learners: [meansLearner('x')] } };
    expect(await refusal('smoke', 0, one)).toContain(
      '(learners: "independent,finetune-previous,logistic-regression" became "x")',
    );
    const device = { backend: { ...backend, device: 'CPU, 2 threads' } };
    expect(await refusal('smoke', 0, device)).toContain(
      '(backend.device: "CPU, 1 thread" became "CPU, 2 threads")',
    );
  });

  it('of a program is refused in words that such a run has', async () => {
    await runStream(options());
    const { learners } = options();
    expect(await refusal('smoke', 3, { learners })).toBe(
      `${folder} holds a run with other settings (preset: "custom" became "smoke"); use another folder, or run the program that made it, with those`,
    );
  });
});

describe('a run whose config.json was edited after a learner had done something is refused', () => {
  type Options = Parameters<typeof runStream>[0];
  const slower = () => [meansLearner('a', 11n), meansLearner('b')];
  const config = () => join(folder, 'config.json');
  const edit = async (change: object) =>
    writeFile(
      config(),
      JSON.stringify({ ...JSON.parse(await readFile(config(), 'utf8')), ...change }),
    );
  const kept = (learners: Options['learners']) =>
    learners.map(({ name, title, settings }) => ({ name, title, settings }));

  it.each<[string, Partial<Options>, Partial<RunConfig>, string]>([
    ['of its seed', { seed: 5 }, { seed: 5 }, 'seed: 3 became 5'],
    ['of its preset', { preset: 'mine' }, { preset: 'mine' }, 'preset: "custom" became "mine"'],
    [
      'of its stream',
      { streamSettings: { limit: 7 } },
      { stream: { limit: 7 } },
      'stream: "toy" became {"limit":7}',
    ],
    [
      "of a learner's settings",
      { learners: slower() },
      { learners: kept(slower()) },
      'a.settings.flops: "10" became "11"',
    ],
    [
      'of which learners it has',
      { learners: [meansLearner('a')] },
      { learners: kept([meansLearner('a')]) },
      'learners: "a,b" became "a"',
    ],
  ])('%s', async (_title, now, change, difference) => {
    await runStream(options());
    const whole = await contents();
    await edit(change);
    const before = await contents();
    await expect(runStream({ ...options(), ...now })).rejects.toThrow(
      `${join(folder, 'a')} was made with other settings than ${config()} has now (${difference}); restore those, or use another folder`,
    );
    expect(await contents()).toEqual(before);
    await writeFile(config(), whole[config()] ?? '');
    await runStream(options());
    expect(await contents()).toEqual(whole);
  });

  it('also where it was stopped within its first task', async () => {
    const controller = new AbortController();
    const progress = ({ done, phase }: { done: number; phase: string }) => {
      if (phase === 'train' && done === 5) controller.abort();
    };
    const run = runStream({ ...options(), signal: controller.signal, progress });
    await expect(run).rejects.toThrow('aborted');
    await edit({ seed: 5 });
    await expect(runStream({ ...options(), seed: 5 })).rejects.toThrow('(seed: 3 became 5)');
  });

  it('but one that was edited before a learner did anything is what it says', async () => {
    const controller = new AbortController();
    const progress = ({ phase }: { phase: string }) => {
      if (phase === 'train') controller.abort();
    };
    const run = runStream({ ...options(), signal: controller.signal, progress });
    await expect(run).rejects.toThrow('aborted');
    await rm(join(folder, 'a', 'training.safetensors'), { force: true });
    await edit({ seed: 5 });
    const { settings } = await runStream({ ...options(), seed: 5 });
    expect(settings.seed).toBe(5);
    // What its learners keep is that, so that it goes on.
    await runStream({ ...options(), seed: 5 });
  });

  it.each([
    ['has none', undefined, 'is missing'],
    ['has that of something else', '{"port": 80}', 'is not one of a run'],
  ])(
    'and a learner of an earlier version, which %s, in a sentence',
    async (_title, text, state) => {
      await runStream(options());
      const path = join(folder, 'b', 'config.json');
      await (text === undefined ? rm(path) : writeFile(path, text));
      await expect(runStream(options())).rejects.toThrow(
        `${path} ${state}: it says what the learner's numbers were made with, and earlier versions kept none; restore it, or delete ${join(folder, 'b')} to start the learner again`,
      );
      const whole = await readFile(join(folder, 'report-data.json'), 'utf8');
      await rm(join(folder, 'b'), { recursive: true });
      await runStream(options());
      expect(await readFile(join(folder, 'report-data.json'), 'utf8')).toBe(whole);
    },
  );
});

describe('a folder that is not empty and holds no run is refused, and nothing is written there', () => {
  it.each([
    ['a file', { 'notes.txt': 'mine' }, 'notes.txt'],
    ['hidden files', { '.env': 'mine' }, '.env'],
    ['folders', { 'src/a.ts': 'mine', 'b/c': 'mine' }, 'b, src'],
    ['many files', { a: '', b: '', c: '', d: '', e: '' }, 'a, b, c, and 2 more'],
    ['settings of something else', { 'config.json': '{"port": 80}' }, 'config.json'],
    ['a list', { 'config.json': '[]' }, 'config.json'],
    ['a run without its settings', { 'manifest.json': '{}' }, 'manifest.json'],
  ])('%s', async (_title, files: Record<string, string>, names) => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(folder, name, '..'), { recursive: true });
      await writeFile(join(folder, name), text);
    }
    expect(await refusal('smoke', 0)).toBe(
      `${folder} holds no run and is not empty (${names}); give a folder that is empty or does not exist yet`,
    );
  });

  it('but what a killed run left before it had its settings is no hindrance', async () => {
    const id = '01234567-89ab-cdef-0123-456789abcdef';
    await writeFile(join(folder, `.config.json.${id}.part`), '{');
    await writeFile(join(folder, `.lock.999999999-${id}.part`), '{');
    await runStream(options());
    const files = await readdir(folder);
    expect(files.filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

describe('a run that a program made', () => {
  it('is gone on with by that program, and nevis resume says so', async () => {
    await runStream(options());
    await expect(settingsOf(folder)).rejects.toThrow(
      `the run in ${folder} was made by a program (stream toy; learners a, b); run that program again with this folder, and runStream goes on where it stopped`,
    );
  });

  it('with a learner of its own on the embedded stream, too', async () => {
    const { learners } = configOf('smoke', 0);
    const mine = { name: 'mine', title: 'Mine', settings: { rule: 'independent' } };
    const others = ['x', 'y', 'z'].map((name) => ({ ...mine, name, settings: null }));
    await writeRun('smoke', 0, { learners: [mine, ...others, ...learners] });
    await expect(settingsOf(folder)).rejects.toThrow(
      'made by a program (stream nevis-open; learners mine, x, y and 4 more);',
    );
  });

  it('is gone on with by nevis resume where nothing in it is its own', async () => {
    await writeRun('smoke', 5, { preset: 'custom' });
    const { learners, ...settings } = (await settingsOf(folder)) as RunSettings;
    const { summary: _, learners: expected, ...preset } = presets['smoke'] as Preset;
    expect(settings).toEqual({ ...preset, preset: 'custom', seed: 5 });
    expect(learners.map(createLearner).map((one) => one.settings)).toEqual(
      expected.map(createLearner).map((one) => one.settings),
    );
  });
});
