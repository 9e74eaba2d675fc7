import { copyFile, cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { useBackend } from '@neverend/backend';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkSameTexts } from '../../src/cli/run-texts.ts';
import { peer } from './peer.ts';

type Mark = { readonly name: string; readonly sha256: string };

let folder: string;
let texts: string;
const run = () => join(folder, 'run');
const textOf = (name: string) => join(texts, `${name}.txt`);
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

const train = (from: string, ...more: string[]) =>
  peer(
    ...['train', from, '--out', run(), '--backend', 'cpu', '--tokens', 'bytes', '--width', '8'],
    ...[
      '--heads',
      '1',
      '--context',
      '8',
      '--blocks',
      'dense,moe',
      '--experts',
      '2',
      '--steps',
      '2',
    ],
    ...more,
  );
const on = (command: string, ...args: string[]) =>
  peer(command, run(), ...args, '--backend', 'cpu');

beforeAll(async () => {
  await useBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'peer-run-texts-'));
  texts = join(folder, 'texts');
  await mkdir(texts);
  for (const name of names) await writeFile(textOf(name), `the cat ${name} sat. `.repeat(9));
  const { code, stderr } = await train(texts);
  expect(code).toBe(0);
  expect(stderr).toContain('to learn from: 6 texts');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The same run and texts, in the same places, for each test. */
beforeEach(async () => {
  await cp(texts, join(folder, 'saved'), { recursive: true });
  await copyFile(join(run(), 'texts.json'), join(folder, 'saved.json'));
  return async () => {
    await rm(texts, { recursive: true, force: true });
    await rename(join(folder, 'saved'), texts);
    await copyFile(join(folder, 'saved.json'), join(run(), 'texts.json'));
  };
});

describe('the texts of a run', () => {
  it('are tested on only while they are what they were: eval, inspect and train name what is not', async () => {
    expect((await on('eval')).code).toBe(0);
    await writeFile(textOf('b'), 'other than it was. '.repeat(9));
    for (const name of ['x', 'y', 'z']) await writeFile(textOf(name), `new: ${name}. `.repeat(9));
    await rm(textOf('g'));
    for (const command of ['eval', 'inspect']) {
      const { code, stdout, stderr } = await on(command);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain(`the texts of ${run()} are not what they were when it was trained`);
      expect(stderr).toContain(`${textOf('b')} has changed`);
      expect(stderr).toMatch(/and \d more/);
    }
    const again = await train(texts, '--quiet');
    expect([again.code, again.stdout]).toEqual([1, '']);
    expect(again.stderr).toMatch(/holds a run of other texts \(.*b\.txt has changed/);
  });

  it('are refused where one is missing, new, or would change sides', async () => {
    await rm(textOf('g'));
    expect((await on('eval')).stderr).toContain(`${textOf('g')} is missing`);
    await writeFile(textOf('g'), 'the cat g sat. '.repeat(9));
    expect((await on('eval')).code).toBe(0);
    // Another order of names draws others.
    const moved = new Set<string>();
    for (const name of names) {
      await rename(textOf(name), textOf(`0${name}`));
      const { code, stderr } = await on('eval');
      const told = stderr.matchAll(/was (?:learned from|held out) and would be \w+/g);
      if (code !== 0) for (const [words] of told) moved.add(words);
      await rename(textOf(`0${name}`), textOf(name));
    }
    expect([...moved].sort()).toEqual([
      'was held out and would be learned',
      'was learned from and would be held',
    ]);
  });

  it('are those of other flags of the split no more', async () => {
    const share = await train(texts, '--held-out-share', '0.5', '--quiet');
    expect(share.stderr).toContain('(--held-out-share: 0.05 became 0.5)');
    const seed = await train(texts, '--split-seed', '3', '--quiet');
    expect(seed.stderr).toContain('(--split-seed: 0 became 3)');
  });

  it('are the same by their bytes: a run goes on from another place', async () => {
    const { code, stderr } = await train(join(folder, 'saved'), '--quiet');
    expect([code, stderr]).toEqual([0, '']);
  });

  it('are not read where others are named, and no counts are wanted', async () => {
    const other = join(folder, 'other.txt');
    await writeFile(other, 'quite another text. '.repeat(9));
    await rename(texts, join(folder, 'away'));
    for (const args of [
      ['eval', other, '--no-baselines'],
      ['inspect', other],
      ['sample', '--tokens', '3'],
    ]) {
      const [command = '', ...more] = args;
      expect(await on(command, ...more, '--quiet')).toMatchObject({ code: 0, stderr: '' });
    }
    const counted = await on('eval', other, '--quiet');
    expect(counted.code).toBe(1);
    expect(counted.stderr).toMatch(/texts does not exist; .*; --no-baselines does without/);
    await rename(join(folder, 'away'), texts);
    for (const [broken, message] of [
      ['{', 'is not JSON'],
      ['{"sources": ["sotu"], "share": 0.05, "seed": 0}', 'is not what train writes'],
      [
        '{"sources": [], "share": 0.05, "seed": 0, "train": [null], "heldOut": []}',
        'is not what train writes',
      ],
    ] as const) {
      await writeFile(join(run(), 'texts.json'), broken);
      expect((await on('sample', '--tokens', '3', '--quiet')).code).toBe(0);
      expect(await on('eval', other, '--no-baselines', '--quiet')).toMatchObject({ code: 0 });
      const own = await on('eval', '--quiet');
      expect(own).toMatchObject({ code: 1, stdout: '' });
      expect(own.stderr).toContain(message);
    }
  });

  it('are named where a model is tested on what it learned from', async () => {
    const { heldOut } = JSON.parse(await readFile(join(run(), 'texts.json'), 'utf8'));
    const [held] = heldOut as [{ name: string }];
    const learned = names.map(textOf).find((name) => name !== held.name) as string;
    const { stderr } = await on('inspect', learned, held.name);
    expect(stderr).toContain(`warning: the model learned from ${learned}\n`);
    expect((await on('inspect', held.name)).stderr).not.toContain('learned');
  });
});

it('texts are the same while the same bytes are on the same side, whatever they are called', () => {
  const names = fc.constantFrom(...'abcd');
  const bytes = fc.constantFrom('1', '2', '3', '4', '5');
  // No two of the same bytes: they are taken once. Names are paths, and come once, too.
  const parts = fc
    .tuple(fc.uniqueArray(bytes, { maxLength: 4 }), fc.shuffledSubarray([...'abcd']), fc.nat(4))
    .map(([digests, names, cut]) => {
      const marks = digests.slice(0, names.length).map((sha256, at) => {
        return { name: names[at] as string, sha256 };
      });
      return { train: marks.slice(0, cut), heldOut: marks.slice(cut) };
    });
  const split = { sources: [], share: 0.05, seed: 0 };
  const sidesOf = ({ train, heldOut }: { train: Mark[]; heldOut: Mark[] }) =>
    [train, heldOut].map((marks) => marks.map(({ sha256 }) => sha256).sort());
  fc.assert(
    fc.property(parts, parts, fc.boolean(), names, (before, other, isSame, name) => {
      const renamed = before.train.map((mark, at) => (at === 0 ? { ...mark, name } : mark));
      const now = isSame ? { ...before, train: renamed } : other;
      const check = () => checkSameTexts('a run', { ...split, ...before }, { ...split, ...now });
      if (isDeepStrictEqual(sidesOf(before), sidesOf(now))) check();
      else expect(check).toThrow('are not what they were');
    }),
    { numRuns: 1000 },
  );
});
