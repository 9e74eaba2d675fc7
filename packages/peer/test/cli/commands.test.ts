import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@neverend/backend';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { peer } from './peer.ts';

let folder: string;
let texts: string[];
let out: string;
beforeAll(async () => {
  await useBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'peer-cli-'));
  texts = ['one.txt', 'two.txt', 'three.txt'].map((name) => join(folder, name));
  for (const [at, path] of texts.entries()) {
    await writeFile(path, 'the cat sat on the mat and the rat sat on the hat. '.repeat(9 + at));
  }
  out = join(folder, 'run');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const sizes = [
  ...[
    '--width',
    '16',
    '--heads',
    '2',
    '--context',
    '16',
    '--blocks',
    'dense,moe',
    '--experts',
    '3',
  ],
  ...['--tokens', 'bpe', '--vocabulary', '270', '--steps', '4', '--batch-size', '2'],
];
const train = (...more: string[]) =>
  peer('train', ...texts, ...sizes, '--out', out, '--backend', 'cpu', ...more);

describe('peer', () => {
  it('trains, tests, writes on and tells of a model', async () => {
    const trained = await train('--json');
    expect(trained.code).toBe(0);
    const { model, steps, evaluation } = JSON.parse(trained.stdout);
    expect([model, steps, evaluation.step]).toEqual([join(out, 'model'), 4, 4]);
    expect(trained.stderr).toContain('to learn from: 2 texts');
    expect(trained.stderr).toMatch(/^vocabulary: 270 tokens$/m);
    expect((await readdir(model)).sort()).toEqual([
      ...['config.json', 'model.safetensors', 'tokenizer.json'],
    ]);

    const tested = await peer('eval', out, '--backend', 'cpu', '--json', '--quiet');
    expect([tested.code, tested.stderr]).toEqual([0, '']);
    const { bitsPerByte, bytes, without, baselines } = JSON.parse(tested.stdout);
    expect(bitsPerByte).toBeCloseTo(evaluation.bitsPerByte, 5);
    expect(bytes).toBe(evaluation.bytes);
    expect(Object.keys(without)).toEqual(['1']);
    expect(baselines.gzip).toBeGreaterThan(0);
    // The text that is held out is made of what the others are made of.
    expect(baselines.threeBytes).toBeLessThan(0.6);

    const others = await peer('eval', model, texts[0] as string, '--backend', 'cpu', '--quiet');
    expect(others.stdout).toMatch(/^the model +\d\.\d{4} +\d+\.\d\d$/m);
    expect(others.stdout).toMatch(/^without the experts of block 1 /m);
    expect(others.stdout).toContain('gzip -9');
    expect(others.stdout).not.toContain('three bytes');
    expect(others.stdout).toMatch(/ tokens, 459 bytes\n$/);

    const args = [
      'sample',
      out,
      '--prompt',
      'the ',
      '--tokens',
      '9',
      '--backend',
      'cpu',
      '--quiet',
    ];
    const written = await peer(...args, '--seed', '3');
    expect(written.stdout.startsWith('the ')).toBe(true);
    const again = JSON.parse((await peer(...args, '--seed', '3', '--json')).stdout);
    expect(`${again.text}\n`).toBe(written.stdout);
    expect(again.tokens).toBeLessThanOrEqual(9);

    const told = JSON.parse((await peer('info', out, '--json')).stdout);
    const { format: _, ...config } = JSON.parse(await readFile(join(model, 'config.json'), 'utf8'));
    expect(told.config).toEqual(config);
    expect(told.blocks.map(({ kind }: { kind: string }) => kind)).toEqual(['dense', 'moe']);
    expect(told.activeParameters).toBeLessThan(told.parameters);
  });

  it('goes on only with the same sizes and settings, and names the flags and both values', async () => {
    const width = await train('--width', '32', '--quiet');
    expect([width.code, width.stdout]).toEqual([1, '']);
    expect(width.stderr).toMatch(
      /^peer: .* holds a run with other settings \(.*--width: 16 became 32/,
    );
    const vocabulary = await train('--vocabulary', '265', '--quiet');
    expect(vocabulary.stderr).toContain('--vocabulary: 270 became 265');
    const rate = await train('--learning-rate', '0.5', '--quiet');
    expect(rate.stderr).toContain('(--learning-rate: 0.002 became 0.5)');
    const same = await train('--quiet');
    expect([same.code, same.stderr]).toEqual([0, '']);
    expect(same.stdout).toMatch(/: 4 steps, \d\.\d{4} bits a byte, perplexity .* held out\n$/);
  });

  it('cuts a text that is alone, and says so', async () => {
    const alone = join(folder, 'alone.txt');
    await writeFile(alone, 'the cat sat on the mat.\n\n'.repeat(20));
    const { code, stderr } = await peer(
      ...['train', alone, '--out', join(folder, 'alone'), '--backend', 'cpu', '--tokens', 'bytes'],
      ...['--width', '8', '--heads', '1', '--context', '8', '--blocks', 'dense', '--steps', '2'],
    );
    expect(code).toBe(0);
    expect(stderr).toContain('alone.txt is alone: its end is held out, cut off after a paragraph');
  });

  it('names texts that are missing, empty or too short', async () => {
    const of = (text: string, ...more: string[]) =>
      peer('train', text, '--out', join(folder, 'none'), '--backend', 'cpu', '--quiet', ...more);
    expect((await of(join(folder, 'missing.txt'))).stderr).toMatch(
      /missing\.txt does not exist; a text/,
    );
    const empty = join(folder, 'empty.txt');
    await writeFile(empty, '');
    expect((await of(empty)).stderr).toMatch(/there is no text in .*empty/);
    const short = await of(texts[0] as string, '--context', '5000', '--tokens', 'bytes');
    expect(short.stderr).toMatch(
      /the text to learn from had 436 tokens .* a window of 5000 needs 5001/,
    );
  });

  it('says that there is no model, or that it does not know its texts', async () => {
    const missing = await peer('sample', join(folder, 'nothing'), '--backend', 'cpu', '--quiet');
    expect([missing.code, missing.stdout]).toEqual([1, '']);
    expect(missing.stderr).toMatch(/there is no model in .*nothing/);
    const alone = await peer('eval', join(out, 'model'), '--backend', 'cpu', '--quiet');
    expect(alone.stderr).toMatch(/is no folder of a run, which knows its texts; name some/);
    expect((await peer('info', folder)).stderr).toMatch(/there is no model in/);
  });
});

describe('the wrong command line', () => {
  it.each([
    [['train'], '--out was not given'],
    [['train', '--out', '', '--preset', 'smoke'], "option '--out <folder>' argument '' is invalid"],
    [['train', '', '--out', 'x'], "value '' is invalid for argument 'texts'"],
    [['train', 'a', '', '--out', 'x'], "value '' is invalid for argument 'texts'"],
    [['sample', ''], "value '' is invalid for argument 'model'"],
    [['eval', ''], "value '' is invalid for argument 'model'"],
    [['eval', 'x', ''], "value '' is invalid for argument 'texts'"],
    [['inspect', ''], "value '' is invalid for argument 'model'"],
    [['info', ''], "value '' is invalid for argument 'model'"],
    [['train', '--preset', 'huge'], 'Allowed choices are smoke, small'],
    [['train', '--out', 'x', '--blocks', 'dense,wide'], '"wide" is none'],
    [['train', '--out', 'x', '--table-optimizer', 'sgd'], 'one of lazyAdam, adagrad, rowAdagrad'],
    [['train', '--out', 'x', '--held-out-share', '0'], '--held-out-share was 0'],
    [['train', '--out', 'x', '--tokens', 'bytes', '--vocabulary', '300'], '--vocabulary was given'],
    [['train', '--preset', 'smoke', '--vocabulary', '300'], '--vocabulary was given'],
    [['train', '--preset', 'small', '--top-k', '3'], '--top-k was given, and no block has a use'],
    [['info', '--preset', 'small', '--experts', '3'], '--experts was given, and no block'],
    [
      ['train', '--preset', 'small', '--blocks', 'dense', '--table-clip-norm', '3'],
      '--table-clip-norm was given, and',
    ],
    [['sample'], "missing required argument 'model'"],
    [['sample', 'x', '--top-p', '2'], 'above 0 and up to 1'],
    [['info', 'x', '--width', '8'], 'a model and sizes were both given'],
    [['eval', 'x', '--windows', '0'], 'positive integer'],
    [['inspect', 'x', '--plot', 'x.png'], 'It must end with .svg'],
    [['info', '--vocabulary', '100'], 'an integer from 257 to 65,536'],
    [['train', '--out', 'x', '--vocabulary', '65537'], 'an integer from 257 to 65,536'],
    [['info', '--width', '2147483648'], 'below 2^31'],
    [['info', '--width', '33'], '--width was 33; it must be even'],
    [
      ['info', '--width', '30', '--heads', '4'],
      '--heads was 4; it must divide the --width, which is 30',
    ],
    [
      ['info', '--blocks', 'peer', '--keys', '16', '--picks', '300'],
      '--picks was 300; it must be at most 256',
    ],
    [['info', '--blocks', 'peer', '--keys', '100000'], '--keys was 100000; it must be at most'],
    [['info', '--blocks', 'moe', '--top-k', '9'], '--top-k was 9; it must be at most the 8'],
    [
      ['info', '--blocks', 'peer', '--width', '32', '--key-heads', '8'],
      'no --key-width of 4 or more brings a peer layer within 10 %',
    ],
    // Before texts are read: there is none.
    [['train', 'no.txt', '--out', 'x', '--beta2', '2'], '--beta2 was 2; it must be in [0, 1)'],
    [
      ['train', 'no.txt', '--out', 'x', '--steps', '4', '--warmup-steps', '9'],
      '--warmup-steps was 9; it must be below the 4 steps',
    ],
    [
      ['train', 'no.txt', '--out', 'x', '--batch-size', '8', '--accumulate', '3'],
      '--accumulate was 3; it must divide --batch-size, which is 8',
    ],
    [
      ['train', 'no.txt', '--out', 'x', '--blocks', 'memory', '--keys', '4', '--picks', '17'],
      '--picks was 17; it must be at most 16',
    ],
  ])('%j ends with 2', async (args, message) => {
    const { code, stdout, stderr } = await peer(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });
});

it('a run that goes on names what of a block differs by its flag', async () => {
  const of = (...more: string[]) =>
    peer(
      ...['train', ...texts, '--out', join(folder, 'tables'), '--backend', 'cpu', '--quiet'],
      ...[
        '--tokens',
        'bytes',
        '--width',
        '8',
        '--context',
        '8',
        '--steps',
        '1',
        '--blocks',
        'peer',
      ],
      ...['--key-width', '4', '--key-heads', '1', ...more],
    );
  expect((await of('--keys', '5', '--picks', '3')).code).toBe(0);
  const { code, stderr } = await of('--keys', '6', '--picks', '4');
  expect(code).toBe(1);
  expect(stderr).toMatch(/ \(--picks of block 0: 3 became 4; --keys of block 0: 5 became 6; /);
  expect(stderr).not.toContain('sizes');
});

it('says in one sentence that a model has no room', async () => {
  const { code, stderr } = await peer(
    ...['train', 'no.txt', '--out', join(folder, 'large'), '--backend', 'cpu', '--tokens', 'bytes'],
    ...['--blocks', 'peer', '--keys', '30000', '--key-width', '4', '--quiet'],
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^peer: there is no room for 461 \w+ parameters, 1\.84 TB: this machine has /,
  );
});

it('refuses tables that the backend has no room for before tokens are made', async () => {
  const { code, stdout, stderr } = await peer(
    ...['train', ...texts, '--out', join(folder, 'wide'), '--backend', 'wasm', '--threads', '1'],
    ...['--blocks', 'peer', '--keys', '1500', '--key-width', '4'],
  );
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(
    /there is no room for block_00\/feed_forward\/down \[2250000, 256\], .*up .*, 4\.61 GB: .* give fewer --keys/,
  );
  expect(stderr).not.toContain('vocabulary');
});

it('info has the sizes of presets', async () => {
  const { stdout } = await peer('info', '--preset', 'small');
  expect(stdout).toMatch(/^tokens +4,096, 256 at once$/m);
  expect(stdout).toMatch(/^parameters +37,\d{3},\d{3} \(151 MB\)$/m);
});
