import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, trecvit } from './capture.ts';
import { type Fixture, makeFixture } from './fixture.ts';

let files: Fixture;
beforeAll(async () => {
  files = await makeFixture();
});
afterAll(() => files?.remove());

const checkpoint = () => ['--checkpoint', files.model];

describe('what cannot be read', () => {
  it.each([
    [
      'a checkpoint that is not there',
      () => ['classify', files.video, '--checkpoint', 'nowhere'],
      /^nowhere: there is no such/,
    ],
    [
      'a video that is none',
      () => ['classify', join(files.model, 'config.json'), ...checkpoint()],
      /config\.json is no video/,
    ],
    [
      'a stream that is not there',
      () => ['stream', 'nothing.mp4', ...checkpoint()],
      /^nothing\.mp4 does not exist/,
    ],
    [
      'names that are not there',
      () => ['classify', files.video, ...checkpoint(), '--labels', 'no.txt'],
      /^--labels no\.txt does not exist; it must be a file with the name of a class on each line$/m,
    ],
    [
      'names in a folder',
      () => ['classify', files.video, ...checkpoint(), '--labels', files.folder],
      /^--labels .* is a folder; it must be a file/,
    ],
    [
      'a video as checkpoint',
      () => ['classify', files.video, '--checkpoint', files.video],
      /ramp\.mp4: the file is no safetensors file: /,
    ],
    [
      'the folder above a model',
      () => ['info', files.folder],
      /the folder has no file model\.safetensors; .*model has one$/m,
    ],
    [
      'a folder of videos',
      () => ['classify', join(files.clips, 'dark'), ...checkpoint()],
      /dark has no images .*; its videos are given one by one: .*dark\/\*$/m,
    ],
    [
      'an address',
      () => ['classify', 'http://127.0.0.1/a.avi', ...checkpoint()],
      /^http:\/\/127\.0\.0\.1\/a\.avi is an address; videos are files or folders/,
    ],
    [
      'no data to validate with',
      () => ['train', files.clips, '--out', join(files.folder, 'x'), '--validate', 'nowhere'],
      /^--validate nowhere does not exist; it must be a folder/,
    ],
    [
      'data that is not there',
      () => ['train', 'nowhere', '--out', join(files.folder, 'x')],
      /^nowhere does not exist; it must be a folder with a folder of videos for each class/,
    ],
    [
      'a folder without classes',
      () => ['train', files.model, '--out', join(files.folder, 'x')],
      /has no folders/,
    ],
  ])('is one line for %s', async (_title, args, message) => {
    const { code, stdout, stderr } = await run(...args(), '--quiet');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^trecvit: [^\n]+\n$/);
    expect(stderr.replace('trecvit: ', '')).toMatch(message);
  });

  it.each([
    ['video', () => ['classify', 'missing.mp4', ...checkpoint()]],
    ['stream', () => ['stream', 'missing.mp4', ...checkpoint()]],
    ['checkpoint', () => ['classify', files.video, '--checkpoint', 'missing']],
    ['model', () => ['info', 'missing']],
    ['start', () => ['train', files.clips, '--out', join(files.folder, 'x'), '--from', 'missing']],
  ])('is told before the backend is loaded: a %s that is not there', async (_title, args) => {
    const { code, stderr } = await run(...args());
    expect(code).toBe(1);
    expect(stderr).toMatch(/^trecvit: missing[^\n]*\n$/);
  });

  it('is one line for a damaged config.json', async () => {
    const damaged = join(files.folder, 'damaged');
    await trecvit('convert', files.model, damaged);
    await writeFile(join(damaged, 'config.json'), '{');
    const { code, stderr } = await run('info', damaged, '--quiet');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^trecvit: [^\n]*config\.json is not JSON[^\n]*\n$/);
  });
});
