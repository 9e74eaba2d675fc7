import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parameterCount, stateBytes, TRecViT } from '../../src/index.ts';
import { decodeVideo } from '../../src/node/index.ts';
import { picturesToTensor } from '../../src/video/index.ts';
import { encodeImage } from '../node/encode-video.ts';
import { run } from './capture.ts';
import { config, type Fixture, makeFixture } from './fixture.ts';
import { serveFolder } from './serve-folder.ts';

let files: Fixture;
let model: TRecViT;
let frames: tf.Tensor;
beforeAll(async () => {
  files = await makeFixture();
  model = await TRecViT.fromPretrained(files.model);
  const fit = { imageSize: config.imageSize, crop: 'centre' } as const;
  const pictures = [];
  for await (const picture of decodeVideo(files.video, { framesPerSecond: 12.5, fit })) {
    pictures.push(picture);
  }
  frames = picturesToTensor(pictures, config, model.input);
});
afterAll(async () => {
  tf.dispose(frames);
  model?.dispose();
  await files?.remove();
});

const checkpoint = () => ['--checkpoint', files.model];

function expectTop(
  found: { name: string; probability: number }[],
  wanted: readonly { readonly name?: string; readonly probability: number }[],
): void {
  expect(found.map(({ name }) => name)).toEqual(wanted.map(({ name }) => name));
  for (const [index, { probability }] of found.entries()) {
    expect(probability).toBeCloseTo(wanted[index]?.probability ?? Number.NaN, 5);
  }
}

describe('trecvit classify', () => {
  it('gives as JSON what the model says of the clips together', async () => {
    const { code, stdout, stderr } = await run('classify', files.video, ...checkpoint(), '--json');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^backend cpu /);
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({
      ...{ model: files.model, backend: 'cpu' },
      videos: [{ video: files.video, seconds: 0.96, frames: 12, sure: true }],
    });
    const [{ top, clips }] = answer.videos;
    const whole = model.classify(frames);
    const [wanted = []] = await whole.top();
    whole.dispose();
    expectTop(top, wanted);
    expect(clips.map(({ from, to }: { from: number; to: number }) => [from, to])).toEqual([
      ...[
        [0, 0.32],
        [0.32, 0.64],
        [0.64, 0.96],
      ],
    ]);
  });

  it('prints the likeliest classes for people', async () => {
    const { stdout } = await run('classify', files.video, ...checkpoint(), '--top', '2');
    const whole = model.classify(frames);
    const [wanted = []] = await whole.top(2);
    whole.dispose();
    const lines = wanted.map(
      ({ probability, name }) => `${(100 * probability).toFixed(1)} %  ${name}`,
    );
    expect(stdout).toBe(
      `${files.video} (1.0 s, 3 clips)\n${lines.map((line) => `   ${line}\n`).join('')}`,
    );
  });

  it('says that it is not sure where the likeliest class is below the bound', async () => {
    const args = ['classify', files.video, ...checkpoint(), '--sure-from', '0.99'];
    expect((await run(...args)).stdout).toContain('\n  not sure; the likeliest:\n');
    expect(JSON.parse((await run(...args, '--json')).stdout).videos[0].sure).toBe(false);
  });

  it('takes a model from an address, and from its cache where it is offline', async () => {
    const cache = join(files.folder, 'cache');
    const server = await serveFolder(files.model);
    const args = ['classify', files.video, '--checkpoint', server.url, '--cache', cache, '--json'];
    const online = await run(...args);
    expect(online.code).toBe(0);
    expect(online.stderr).toContain('load model.safetensors: ');
    await server.close();
    const offline = await run(...args, '--offline');
    expect(offline.stdout).toBe(online.stdout);
    const elsewhere = await run(...args, '--offline', '--quiet', '--cache', `${cache}-2`);
    expect(elsewhere).toMatchObject({ code: 1, stdout: '' });
    expect(elsewhere.stderr).toMatch(/^trecvit: http:.* is not in the cache[^\n]*\n$/);
  });

  it('takes a folder of images at the rate that is given', async () => {
    const images = join(files.folder, 'images');
    await mkdir(images);
    for (let index = 0; index < 8; index++) {
      const bytes = new Uint8Array(3 * 16 * 16).fill(20 * index);
      await encodeImage(join(images, `${index}.png`), bytes, { rows: 16, columns: 16 });
    }
    const at = async (...rate: readonly string[]) => {
      const { stdout } = await run('classify', images, ...checkpoint(), '--json', ...rate);
      const { seconds, frames } = JSON.parse(stdout).videos[0];
      return { seconds, frames };
    };
    // The model sees 12.5 frames a second.
    expect(await at()).toEqual({ seconds: 0.32, frames: 4 });
    expect(await at('--images-per-second', '12.5')).toEqual({ seconds: 0.64, frames: 8 });
    const args = ['--json', '--every', '0.08', '--images-per-second', '6.25'];
    const { stdout } = await run('stream', images, ...checkpoint(), ...args);
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '').seconds).toBeCloseTo(1.28, 9);
  });

  it('goes on where one of several videos cannot be read, and fails in the end', async () => {
    const missing = join(files.folder, 'missing.mp4');
    const args = ['classify', missing, files.video, ...checkpoint(), '--quiet'];
    const { code, stdout, stderr } = await run(...args, '--json');
    expect({ code, stderr }).toEqual({ code: 1, stderr: `trecvit: ${missing} does not exist\n` });
    const [first, second] = JSON.parse(stdout).videos;
    expect(first).toEqual({ video: missing, error: `${missing} does not exist` });
    expect(second.top).toHaveLength(3);
  });

  it('takes other names of the classes', async () => {
    const labels = join(files.folder, 'labels.txt');
    await writeFile(labels, 'links\r\nrechts\r\nstill\r\n');
    const { stdout } = await run('classify', files.video, ...checkpoint(), '--labels', labels);
    expect(stdout).toMatch(/links/);
    await writeFile(labels, 'links\nrechts\n');
    const short = await run(
      'classify',
      files.video,
      ...checkpoint(),
      '--labels',
      labels,
      '--quiet',
    );
    expect(short).toEqual({
      ...{ code: 1, stdout: '' },
      stderr: `trecvit: ${labels} names 2 classes; the model has 3\n`,
    });
  });
});

describe('trecvit stream', () => {
  it('gives a JSON line for every so many seconds, the last of them the state of a stream', async () => {
    const args = ['stream', files.video, ...checkpoint(), '--every', '0.08', '--json'];
    const { code, stdout } = await run(...args);
    expect(code).toBe(0);
    const moments = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(moments).toHaveLength(12);
    for (const [index, moment] of moments.entries()) {
      expect(moment.seconds).toBeCloseTo((index + 1) * 0.08, 9);
      expect(moment).toMatchObject({ stateBytes: stateBytes(config), sure: true });
      expect(moment.millisecondsPerFrame).toBeGreaterThan(0);
      expect(typeof moment.keepsUp).toBe('boolean');
    }
    const stream = model.stream();
    const step = stream.push(frames);
    const [wanted = []] = await step.top();
    step.dispose();
    stream.dispose();
    expectTop(moments.at(-1).top, wanted);
  });

  it('gives a line when the likeliest class changes, and counts a window where it is told to', async () => {
    const every = await run(
      'stream',
      files.video,
      ...checkpoint(),
      '--every',
      '0.08',
      '--window',
      '2',
    );
    const changes = await run('stream', files.video, ...checkpoint(), '--window', '2');
    const classOf = (line: string) => /s {2}(\w+) /.exec(line)?.[1];
    const classes = every.stdout.trim().split('\n').map(classOf);
    const changed = classes.filter((name, index) => name !== classes[index - 1]);
    const lines = changes.stdout.trim().split('\n');
    expect(lines.map(classOf)).toEqual(changed);
    expect(lines[0]).toMatch(
      /^0\.1 s {2}\w+ [\d.]+ %, \w+ [\d.]+ %, \w+ [\d.]+ % {2}\([\d.]+ ms a frame, state [\d.]+ k?B\)$/,
    );
    expect(changes.stderr).toMatch(/\n12 frames, 1\.0 s of video, [\d.]+ ms a frame, state /);
  });

  it('forgets by the half-life that is given', async () => {
    const streamed = async (halfLife: number): Promise<number[]> => {
      const args = ['--every', '0.08', '--json', '--half-life', String(halfLife)];
      const { stdout } = await run('stream', files.video, ...checkpoint(), ...args);
      const lines = stdout.trim().split('\n');
      const stream = model.stream({ halfLife });
      const left: number[] = [];
      for (const [index, frame] of tf.split(frames, 12, 1).entries()) {
        const step = stream.push(frame);
        const { top } = JSON.parse(lines[index] ?? '');
        const [wanted = []] = await step.top();
        expectTop(top, wanted);
        left.push(top.find(({ name }: { name: string }) => name === 'left').probability);
        tf.dispose(frame);
        step.dispose();
      }
      stream.dispose();
      return left;
    };
    const [quick, slow] = [await streamed(0.5), await streamed(8)];
    // The second frame has four fifths of the weight, or half of it.
    const change = ([first = 0, second = 0]: number[]) => Math.abs(second - first);
    expect(change(quick)).toBeGreaterThan(1.2 * change(slow));
  });
});

describe('trecvit info', () => {
  it('tells what a checkpoint is and costs', async () => {
    const { code, stdout } = await run('info', files.model, '--clip', '--json');
    expect(code).toBe(0);
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({
      ...{ name: files.model, config, classNames: ['left', 'right', 'still'] },
      backend: { name: 'cpu' },
      parameters: parameterCount(config),
      stateBytes: stateBytes(config),
      memory: { frame: { weights: 4 * parameterCount(config), state: stateBytes(config) } },
    });
    const { frame, clip } = answer.memory;
    expect(frame.peak).toBeGreaterThan(frame.weights + frame.video);
    expect(clip.peak).toBeGreaterThan(frame.peak);
    const text = await run('info', files.model);
    expect((await run('info', '--checkpoint', files.model)).stdout).toBe(text.stdout);
    expect(text.stdout).toMatch(/^classes +3: left, right, still$/m);
    expect(text.stdout).toMatch(
      /^peak memory of a frame +[\d.]+ kB, with the weights' 10\.2 kB \(of tensors, measured\)$/m,
    );
  });

  it('has FLOPs under one name', async () => {
    const { stdout } = await run('info', files.model);
    expect(stdout).toMatch(/^FLOPs of a frame +20\.3 kFLOP$/m);
  });

  it('lists the sizes of the paper', async () => {
    const { stdout } = await run('info', '--json');
    const { models } = JSON.parse(stdout);
    const counts = models.map(({ size, form, parameters }: Record<string, unknown>) => [
      ...[size, form, parameters],
    ]);
    // Of the official code, by jax.eval_shape.
    expect(counts).toEqual([
      ...[
        ['Ti', 'released', 11_230_864],
        ['S', 'released', 37_154_704],
      ],
      ...[
        ['B', 'released', 136_778_128],
        ['L', 'released', 471_797_136],
      ],
      ...[
        ['Ti', 'paper', 8_995_984],
        ['S', 'paper', 30_030_736],
      ],
      ...[
        ['B', 'paper', 111_913_360],
        ['L', 'paper', 386_616_720],
      ],
    ]);
    const { stdout: text } = await run('info');
    expect(text).toMatch(/^B, released +137 M +547 MB +53\.7 GFLOP +1\.72 TFLOP +58\.1 MB$/m);
  });
});

describe('trecvit compare', () => {
  it('computes what it may not measure', async () => {
    const { code, stdout } = await run('compare', '--memory', '0', '--json');
    expect(code).toBe(0);
    const answer = JSON.parse(stdout);
    expect(answer.backend).toMatchObject({ name: 'cpu' });
    expect(answer.clips.map(({ frames }: { frames: number }) => frames)).toEqual([32, 64]);
    const [{ trecvit: ours, fullAttention: theirs }] = answer.clips;
    // By jax.eval_shape of the official code with E = D.
    expect(ours.parameters).toBe(111_913_360);
    // The paper: 3 times the parameters, 5 times the operations, 12 times the memory.
    expect(theirs.parameters / ours.parameters).toBeCloseTo(3, 0);
    expect(theirs.flops / ours.flops).toBeGreaterThan(4);
    expect(theirs.peakBytesHeld.value / ours.peakBytesHeld.value).toBeGreaterThan(6);
    const text = await run('compare', '--memory', '0', '--frames', '32');
    expect(text.stdout).toMatch(/^32 frames$/m);
    expect(text.stdout).not.toMatch(/^64 frames$/m);
  });
});
