import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { openStage } from '../../src/tensorflow/stage.ts';
import { writeFiles } from './made-project.ts';

function makePackage(parts: Readonly<Record<string, string>>): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'neverend-stage-')), 'tfjs-node');
  writeFiles(folder, { 'package.json': '{}', ...parts });
  return folder;
}

/** The native parts of a package, by name; a part that is not there is left out. */
function parts(folder: string): Record<string, string> {
  const there = readdirSync(folder).filter((name) => name === 'deps' || name === 'lib');
  return Object.fromEntries(
    there.map((name) => [name, readFileSync(join(folder, name, 'x'), 'utf8')]),
  );
}

const old = { 'deps/x': 'old', 'lib/x': 'old' };
const made = { 'deps/x': 'new', 'lib/x': 'new' };

it.each([{ before: {} }, { before: old }])('publishes both parts over $before', async (state) => {
  const folder = makePackage(state.before);
  const stage = await openStage(folder);
  expect(readdirSync(stage.folder)).not.toContain('deps');
  writeFiles(stage.folder, made);
  await stage.publish();
  await stage.discard();
  expect(parts(folder)).toEqual({ deps: 'new', lib: 'new' });
  expect(readdirSync(dirname(folder))).toEqual(['tfjs-node']);
});

it('puts everything back when a part cannot be published', async () => {
  const folder = makePackage(old);
  const stage = await openStage(folder);
  writeFiles(stage.folder, { 'deps/x': 'new' });
  await expect(stage.publish()).rejects.toThrow('ENOENT');
  await stage.discard();
  expect(parts(folder)).toEqual({ deps: 'old', lib: 'old' });
});

const deadProcess = String(spawnSync(process.execPath, ['-e', '']).pid);

it.each([
  // `before` holds what was moved out; what is not in the stage any more was moved in.
  { name: 'nothing', stage: made, before: {}, inside: old },
  {
    name: 'the old deps out',
    stage: made,
    before: { 'deps/x': 'old' },
    inside: { 'lib/x': 'old' },
  },
  {
    name: 'the new deps in',
    stage: { 'lib/x': 'new' },
    before: { 'deps/x': 'old' },
    inside: { 'deps/x': 'new', 'lib/x': 'old' },
  },
  { name: 'all but the last step', stage: {}, before: old, inside: made },
])('undoes what a process did that was killed after it had moved $name', async (killed) => {
  const folder = makePackage(killed.inside);
  const abandoned = join(dirname(folder), '.tfjs-node-neverend');
  writeFiles(abandoned, { owner: deadProcess, ...killed.stage, 'before/y': '' });
  writeFiles(join(abandoned, 'before'), killed.before);
  const stage = await openStage(folder);
  expect(parts(folder)).toEqual({ deps: 'old', lib: 'old' });
  await stage.discard();
});

it('keeps what a process had published that was killed after it', async () => {
  const folder = makePackage(made);
  const abandoned = join(dirname(folder), '.tfjs-node-neverend');
  writeFiles(abandoned, { owner: deadProcess, 'replaced/deps/x': 'old', 'replaced/lib/x': 'old' });
  await (await openStage(folder)).discard();
  expect(parts(folder)).toEqual({ deps: 'new', lib: 'new' });
});

it('refuses a second stage while the first is open', async () => {
  const folder = makePackage({});
  const stage = await openStage(folder);
  await expect(openStage(folder)).rejects.toThrow(
    `another install (process ${process.pid}) works on ${folder}`,
  );
  await stage.discard();
});
