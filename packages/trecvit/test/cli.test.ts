import { type ChildProcess, spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kernelMode, randomKey } from '@neverend/backend';
import { bundleForNode } from '@neverend/backend/testing/op-cases';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TRecViT } from '../src/index.ts';
import { saveModel } from '../src/node/index.ts';
import { trecvit } from './cli/capture.ts';
import { config, type Fixture, makeFixture } from './cli/fixture.ts';
import { encodeVideo } from './node/encode-video.ts';

// What needs a process of its own: signals, pipes, exit statuses, and what is loaded. The rest is in `cli/`.
const cli = await bundleForNode(new URL('../src/cli.ts', import.meta.url));

/** On Windows a process ends at once. */
const hasSignals = process.platform !== 'win32';

interface End {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { readonly child: ChildProcess; readonly end: Promise<End> } {
  const child = spawn(process.execPath, [cli, ...args], { env: { ...process.env, ...env } });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const end = new Promise<End>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, end };
}

let files: Fixture;
beforeAll(async () => {
  files = await makeFixture();
});
afterAll(() => files?.remove());

const withModel = () => ['--checkpoint', files.model, '--backend', 'cpu'];

describe('the process', () => {
  it('loads TensorFlow.js only where something is computed', async () => {
    const tell = `import Module from 'node:module';
      process.on('exit', () => {
        const loaded = Object.keys(Module._cache).filter((file) => file.includes('tfjs-core'));
        process.stderr.write('TensorFlow.js: ' + loaded.length);
      });`;
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(tell)}`;
    const [wrong, help, info] = await Promise.all([
      start(['info', '--fast'], { NODE_OPTIONS }).end,
      start(['train', '--help'], { NODE_OPTIONS }).end,
      start(['info', '--backend', 'cpu', '--json'], { NODE_OPTIONS }).end,
    ]);
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toMatch(/unknown option '--fast'.*TensorFlow\.js: 0$/s);
    expect(help).toMatchObject({ code: 0, stderr: 'TensorFlow.js: 0' });
    expect(info.code).toBe(0);
    expect(info.stderr).toMatch(/TensorFlow\.js: [1-9]\d*$/);
    expect(JSON.parse(info.stdout).backend.name).toBe('cpu');
  });

  it('ends with 1 and one line when something fails, with the stack where it is asked for', async () => {
    const missing = ['classify', 'missing.mp4', ...withModel(), '--quiet'];
    const { code, stdout, stderr } = await start(missing, { TRECVIT_DEBUG: '1' }).end;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^trecvit: missing\.mp4 does not exist\n.*\n {4}at /);
  });

  it('finds files from the folder in which npm was called, where npm runs it', async () => {
    const npm = { npm_lifecycle_event: 'trecvit', npm_package_name: 'neverend' };
    const args = ['classify', 'ramp.mp4', '--checkpoint', 'model', '--backend', 'cpu', '--quiet'];
    const { code, stdout } = await start(args, { ...npm, INIT_CWD: files.folder }).end;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ramp\.mp4 \(1\.0 s, 3 clips\)\n/);
  });

  it('says that stdin is empty', async () => {
    const { child, end } = start(['stream', '-', ...withModel(), '--quiet']);
    child.stdin?.end();
    expect(await end).toEqual({ code: 1, stdout: '', stderr: 'trecvit: the stream is empty\n' });
  });

  it('reads a video from stdin', async () => {
    const args = ['--every', '0.08', '--json', ...withModel()];
    const { child, end } = start(['stream', '-', ...args]);
    createReadStream(files.video).pipe(child.stdin as NodeJS.WritableStream);
    const fromPipe = await end;
    expect(fromPipe.code).toBe(0);
    const moments = (stdout: string) =>
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .map(({ seconds, top }) => ({ seconds, top }));
    expect(moments(fromPipe.stdout)).toHaveLength(12);
    const fromFile = await trecvit('stream', files.video, ...args);
    expect(moments(fromPipe.stdout)).toEqual(moments(fromFile.stdout));
  });

  it('drops frames of a live stream rather than wait, and counts them', async () => {
    // The frames of a hundredth of a second each take longer than that.
    const slow = {
      ...config,
      width: 64,
      lruWidth: 64,
      mlpWidth: 128,
      imageSize: [64, 64],
    } as const;
    const input = { framesPerSecond: 100, crop: 'centre', range: [0, 1] } as const;
    const model = TRecViT.init(slow, randomKey(7), { input });
    const [folder, video] = [join(files.folder, 'slow'), join(files.folder, 'fast.mkv')];
    await saveModel(model, folder);
    model.dispose();
    const bytes = new Uint8Array(1.5 * 48 * 32).fill(128);
    const pictures = Array.from({ length: 100 }, (_, index) => ({ at: 10 * index, bytes }));
    await encodeVideo(video, pictures, { columns: 48, rows: 32, lasting: 10 });
    const live = ['stream', '-', '--live', '--json', '--every', '0.01'];
    const { child, end } = start([...live, '--checkpoint', folder, '--backend', 'cpu']);
    createReadStream(video).pipe(child.stdin as NodeJS.WritableStream);
    const { code, stdout, stderr } = await end;
    expect(code).toBe(0);
    const [, shown, dropped] = /(\d+) frames, .* (\d+) frames dropped/.exec(stderr) ?? [];
    expect(Number(dropped)).toBeGreaterThan(0);
    expect(Number(shown) + Number(dropped)).toBe(100);
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '').dropped).toBe(Number(dropped));
  });

  it.runIf(hasSignals)('says nothing when who reads it has read enough', async () => {
    const { child, end } = start([
      'stream',
      files.video,
      '--every',
      '0.08',
      ...withModel(),
      '--quiet',
    ]);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await end).toMatchObject({ code: 0, stderr: '' });
  });

  it.runIf(hasSignals)('stops a stream on SIGINT, though stdin is open', async () => {
    const { child, end } = start(['stream', '-', ...withModel()]);
    child.stderr?.once('data', () => child.kill('SIGINT'));
    const { code, stderr } = await end;
    expect(code).toBe(130);
    expect(stderr).toMatch(/^interrupted\n$/m);
  });
});

describe.runIf(kernelMode() !== 'composite')('packed weights', () => {
  const onWasm = ['--backend', 'wasm', '--quiet'];

  it('are part of what info tells, unless they are turned off', async () => {
    const info = ['info', files.model, ...onWasm];
    const [kept, off] = await Promise.all([
      start(info, { NEVEREND_PACKED_WEIGHTS: '1' }).end,
      start(info, { NEVEREND_PACKED_WEIGHTS: '0' }).end,
    ]);
    const peak = (rest: string) =>
      new RegExp(
        `^peak memory of a frame +[\\d.]+ kB, with the weights' 10\\.2 kB${rest} \\(of tensors, measured\\)$`,
        'm',
      );
    expect(kept.stdout).toMatch(peak(' and [1-9][\\d.]* kB of packed copies'));
    expect(off.stdout).toMatch(peak(''));
  });

  it('are counted beside the state of a stream', async () => {
    const args = ['stream', files.video, '--checkpoint', files.model, '--json', ...onWasm];
    const { stdout } = await start(args, { NEVEREND_PACKED_WEIGHTS: '1' }).end;
    expect(JSON.parse(stdout.split('\n')[0] ?? '').packedWeightsBytes).toBeGreaterThan(0);
  });
});

describe('trecvit compare', () => {
  it.runIf(hasSignals)('ends at once on SIGINT, also while it computes', async () => {
    const { child, end } = start(['compare', '--frames', '1', '--memory', '4', '--backend', 'cpu']);
    let stopped = 0;
    child.stderr?.on('data', (data) => {
      if (!String(data).includes('TRecViT: making its parameters')) return;
      stopped = performance.now();
      child.kill('SIGINT');
    });
    expect(await end).toMatchObject({ code: null, stdout: '' });
    // The parameters alone take longer than that.
    expect(performance.now() - stopped).toBeLessThan(3000);
  });
});

describe('trecvit train', () => {
  const args = (out: string) => [
    ...['train', files.clips, '--out', join(files.folder, out), '--from', files.model],
    ...['--steps', '40', '--batch-size', '2', '--clips', '1', '--crops', '1', '--backend', 'cpu'],
    ...['--evaluate-every', '10', '--learning-rate', '0.01', '--checkpoint-seconds', '0.001'],
  ];
  const readJson = async (path: string) => JSON.parse(await readFile(path, 'utf8'));
  const weights = (out: string) => readFile(join(files.folder, out, 'model', 'model.safetensors'));

  it('writes a model of the data, and says what it took of the other', async () => {
    const { code, stdout, stderr } = await trecvit(...args('whole'), '--json');
    expect(code).toBe(0);
    const model = join(files.folder, 'whole', 'model');
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ model, backend: 'cpu', steps: 40 },
      evaluation: { step: 40, videos: 2, top5: 1 },
      peakResidentBytes: expect.any(Number),
    });
    expect(stderr).toMatch(/^6 videos of 2 classes: bright, dark\n2 others to validate with$/m);
    expect(stderr).toMatch(/^new: decoder\/cls_head\/kernel, since it is for other classes$/m);
    expect(stderr).toMatch(/^step 10: top-1 [\d.]+ %/m);
    expect(stderr).toMatch(/^peak memory of the process: [\d.]+ .B$/m);
    const card = await readJson(join(model, 'config.json'));
    expect(card).toMatchObject({ classNames: ['bright', 'dark'], config: { classes: 2 } });
  });

  it('computes on as many threads as it is told', async () => {
    const threads = async (count: string) => {
      const flags = ['--steps', '1', '--backend', 'wasm', '--threads', count];
      const { stderr } = await start([...args(`threads-${count}`), ...flags]).end;
      return /^backend wasm .*, (\d+ threads?)\)$/m.exec(stderr)?.[1];
    };
    expect(await Promise.all([threads('1'), threads('3')])).toEqual(['1 thread', '3 threads']);
  });

  it.runIf(hasSignals)(
    'goes on to the same numbers after Ctrl-C',
    async () => {
      const { child, end } = start(args('stopped'));
      child.stderr?.on('data', (data) => {
        if (String(data).includes('train: ')) child.kill('SIGINT');
      });
      const { code, stderr } = await end;
      expect(code).toBe(130);
      expect(stderr).toContain(`interrupted; go on with: trecvit ${args('stopped').join(' ')}\n`);
      const { step } = await readJson(join(files.folder, 'stopped', 'checkpoint.json'));
      expect(step).toBeGreaterThan(0);
      expect(step).toBeLessThan(40);
      expect((await trecvit(...args('stopped'))).code).toBe(0);
      expect((await weights('stopped')).equals(await weights('whole'))).toBe(true);
    },
    240_000,
  );
});
