import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@neverend/backend';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { peer } from './peer.ts';

const guide = await readFile(
  join(import.meta.dirname, '../../../../docs/a-million-experts.md'),
  'utf8',
);

/** The commands of the guide, in their order. */
const commands = [...guide.matchAll(/^```sh\n(.*?)^```$/gms)]
  .flatMap(([, lines = '']) => lines.split('\n'))
  .filter((line) => line.startsWith('peer '))
  .map((line) => line.replace(/ +#.*/, ''));

/** What makes them quick, beside their own flags. */
const quick: Readonly<Record<string, readonly string[]>> = {
  train: ['--steps', '2', '--held-out-share', '0.01'],
  eval: ['--windows', '2'],
  inspect: ['--windows', '2'],
  sample: ['--tokens', '3'],
};

/** Paths as the guide has them, also on Windows. */
const slashed = (text: string) => text.replaceAll('\\', '/');

let folder: string;
beforeAll(async () => {
  await useBackend('wasm');
  folder = slashed(await mkdtemp(join(tmpdir(), 'peer-guide-')));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the guide', () => {
  it('has each command', () => {
    const names = commands.map((command) => command.split(' ')[1]);
    expect(new Set(names)).toEqual(new Set([...Object.keys(quick), 'info']));
  });

  it.each(commands)('%s', async (command) => {
    const [, name = '', ...args] = Array.from(
      command.replaceAll('runs/', `${folder}/`).matchAll(/"([^"]*)"|\S+/g),
      ([word, quoted]) => quoted ?? word,
    );
    const more = quick[name];
    const { code, stdout } = await peer(
      name,
      ...args,
      ...(more ? [...more, '--backend', 'wasm'] : []),
    );
    expect(code).toBe(0);
    const told = slashed(stdout).replaceAll(`${folder}/`, 'runs/');
    if (command === 'peer info runs/whale') expect(guide).toContain(told);
    // The same words, with other numbers.
    const words = (text: string) => text.replaceAll(/\d[\d.,]*/g, '0').replaceAll(/ +/g, ' ');
    if (['train', 'eval', 'inspect'].includes(name)) expect(words(guide)).toContain(words(told));
  });
});
