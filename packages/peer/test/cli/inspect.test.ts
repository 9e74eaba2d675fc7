import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@neverend/backend';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { peer } from './peer.ts';

let folder: string;
let texts: string[];
beforeAll(async () => {
  await useBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'peer-inspect-'));
  texts = ['one.txt', 'two.txt'].map((name) => join(folder, name));
  for (const [at, path] of texts.entries()) {
    await writeFile(path, 'the cat sat on the mat and the rat sat on the hat. '.repeat(3 + at));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const train = async (out: string, blocks: string, ...more: string[]) => {
  const { code } = await peer(
    ...['train', ...texts, '--out', join(folder, out), '--backend', 'cpu', '--quiet'],
    ...['--tokens', 'bytes', '--width', '8', '--heads', '1', '--context', '16', '--steps', '2'],
    ...['--batch-size', '2', '--blocks', blocks, ...more],
  );
  expect(code).toBe(0);
  return join(folder, out);
};
const inspect = (...args: string[]) => peer('inspect', ...args, '--backend', 'cpu', '--quiet');

describe('peer inspect', () => {
  it('tells of each block that picks, and draws it', async () => {
    const sizes = ['--keys', '5', '--key-heads', '2', '--picks', '3', '--experts', '4'];
    const run = await train('run', 'dense,peer,moe', ...sizes);
    const plot = join(folder, 'plots', 'usage.svg');
    const { code, stdout } = await inspect(run, '--json', '--plot', plot);
    expect(code).toBe(0);
    const { blocks, ...rest } = JSON.parse(stdout);
    expect(rest).toEqual({ backend: 'cpu', plot });
    const [peerBlock, moe] = blocks;
    // 153 bytes of the shorter text are held out; nothing comes after the last one.
    expect(peerBlock).toMatchObject({ block: 1, kind: 'peer', sizes: [5, 5], items: 25 });
    expect(moe).toMatchObject({ block: 2, kind: 'moe', sizes: [4], items: 4, tokens: 153 });
    expect(peerBlock.mostUneven).toBeCloseTo(Math.log(25), 12);
    expect(peerBlock.effectiveItems).toBeCloseTo(25 / Math.exp(peerBlock.unevenness), 9);
    expect(moe.deadKeys[0]).toHaveLength(4 - 4 * moe.coverage);

    const svg = await readFile(plot, 'utf8');
    expect(svg).toMatch(/^<svg .*<\/svg>$/s);
    for (const title of ['block 1, peer', 'block 2, moe', 'key of the second set']) {
      expect(svg).toContain(title);
    }
    // A mixture has one set of keys, and no map.
    expect(svg.match(/>picks of an item by its keys</g)).toHaveLength(1);

    const told = await inspect(run, texts[1] as string, '--windows', '2');
    expect(told.stdout).toMatch(/^1 +peer +25 +\d+\.\d\d % +\d\.\d{3} of 3\.219 +\d+ /m);
    expect(told.stdout).toMatch(/\n\d\d tokens\n$/);
    const alone = await inspect(join(run, 'model'));
    expect([alone.code, alone.stdout]).toEqual([1, '']);
    expect(alone.stderr).toMatch(/is no folder of a run, which knows its texts; name some/);
  });

  it('says that no block picks', async () => {
    const { code, stdout, stderr } = await inspect(await train('dense', 'dense,dense'));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      'peer: no block of the model picks experts or values; they are: dense, dense\n',
    );
  });
});
