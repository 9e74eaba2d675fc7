import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bytesOf } from '../../src/text/document.ts';
import { readTexts } from '../../src/text/node/read-texts.ts';

let folder: string;
const place = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peer-texts-'));
  await mkdir(place('in'));
  await writeFile(place('b.txt'), 'second');
  await writeFile(place('a.txt'), 'first');
  await writeFile(place('in/c.md'), Buffer.of(0xff, 0xfe, 65));
  await writeFile(place('empty.txt'), '');
  await writeFile(place('picture.bin'), Buffer.of(1, 0, 2));
  await writeFile(place('.hidden'), 'hidden');
  await symlink(place('a.txt'), place('link.txt'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('reads all files of a folder in one order, and names what is empty or binary', async () => {
  const { documents, leftOut } = await readTexts([folder]);
  expect(documents.map(({ name }) => name)).toEqual(['a.txt', 'b.txt', 'in/c.md'].map(place));
  expect([...(documents[2]?.bytes ?? [])]).toEqual([0xff, 0xfe, 65]);
  expect(leftOut).toEqual([`${place('empty.txt')}: empty`, `${place('picture.bin')}: binary`]);
});

it('takes what comes twice once: links, files beside their folder, other paths to them, equal bytes', async () => {
  const names = async (...sources: string[]) => {
    const { documents, duplicates } = await readTexts(sources);
    return [documents.map(({ name }) => name), duplicates];
  };
  const [a, b, c, link] = ['a.txt', 'b.txt', 'in/c.md', 'link.txt'].map(place);
  expect(await names(folder)).toEqual([[a, b, c], [`${link} (as ${a})`]]);
  expect(await names(link as string, folder)).toEqual([
    [link, b, c],
    [`${a} (as ${link})`, `${link} (as ${link})`],
  ]);
  expect(await names(`${folder}/in/../b.txt`, b as string)).toEqual([
    [`${folder}/in/../b.txt`],
    [`${b} (as ${folder}/in/../b.txt)`],
  ]);
  await writeFile(place('in/copy.md'), 'second');
  expect(await names(b as string, place('in'))).toEqual([
    [b, c],
    [`${place('in/copy.md')} (as ${b})`],
  ]);
  await rm(place('in/copy.md'));
  // Left out as binary in its folder, it is no duplicate where it is named.
  const picture = place('picture.bin');
  expect(await names(folder, picture)).toEqual([[a, b, c, picture], [`${link} (as ${a})`]]);
});

it('passes the folder of a run over, also by a link', async () => {
  await symlink(place('in'), place('linked'));
  const { documents } = await readTexts([folder], place('linked'));
  expect(documents.map(({ name }) => name)).toEqual(['a.txt', 'b.txt'].map(place));
  await rm(place('linked'));
});

it('takes a file that is named as bytes, whatever it holds', async () => {
  const { documents } = await readTexts([place('picture.bin')]);
  expect([...(documents[0]?.bytes ?? [])]).toEqual([1, 0, 2]);
});

it('refuses what is missing, unreadable, or without a text', async () => {
  await expect(readTexts([place('none.txt')])).rejects.toThrow(
    /none\.txt does not exist; a text is a file, a folder, or one of sotu, moby-dick/,
  );
  await expect(readTexts([place('empty.txt')])).rejects.toThrow(/there is no text in .*: empty/);
  await mkdir(place('nothing'));
  await expect(readTexts([place('nothing')])).rejects.toThrow('(no files)');
  await symlink(place('nowhere'), place('nothing/dangling'));
  await expect(readTexts([place('nothing')])).rejects.toThrow('does not exist');
  await chmod(place('nothing'), 0o755);
});

it('reads the data sets', async () => {
  const { documents, duplicates } = await readTexts(['sotu', 'moby-dick', 'sotu']);
  expect(duplicates).toHaveLength(233);
  expect(documents.length).toBe(233 + 139);
  expect(documents[0]?.name).toBe('1790 George Washington');
  expect(bytesOf(documents)).toBe(10_761_202 + 1_216_302);
});
