import { describe, expect, it } from 'vitest';
import { trecvit } from './capture.ts';

const commands = ['classify', 'stream', 'train', 'compare', 'convert', 'info'];

describe('help', () => {
  it('names every command, and ends with 0', async () => {
    const { code, stdout, stderr } = await trecvit('--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const named = [...stdout.matchAll(/^ {2}(\w+) .*\[options\]/gm)].map(([, name]) => name);
    expect(named).toEqual(commands);
  });

  it.each(commands)('of %s has examples of it', async (command) => {
    const { code, stdout } = await trecvit(command, '--help');
    expect(code).toBe(0);
    const [, examples = ''] = stdout.split('Examples:\n');
    const lines = examples.trim().split('\n');
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line).toContain(`trecvit ${command}`);
  });

  it('of train has the defaults of the settings', async () => {
    const { stdout } = await trecvit('train', '--help');
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(text).toMatch(/--label-smoothing <share> .*?\(default: 0.1\)/);
    expect(text).toMatch(/--scale-jitter <least,most> .*?\(default: 0.875,1.33\)/);
    expect(text).toMatch(/--average-decay <decay> .*?\(default: none\)/);
  });

  it('gives the version', async () => {
    const { code, stdout } = await trecvit('--version');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});

describe('a wrong command line', () => {
  it.each([
    ['an unknown command', ['walk'], /unknown command 'walk'/],
    ['an unknown option', ['classify', 'a.mp4', '--fast'], /unknown option '--fast'/],
    ['no video', ['classify'], /missing required argument 'video'/],
    ['two streams', ['stream', 'a.mp4', 'b.mp4'], /too many arguments/],
    ['another backend', ['info', '--backend', 'abacus'], /'abacus' is invalid.*wasm/],
    ['no threads', ['info', '--threads', '0'], /It must be a positive integer/],
    ['half a class', ['classify', 'a.mp4', '--top', '1.5'], /It must be a positive integer/],
    ['no time', ['stream', 'a.mp4', '--every', '0'], /It must be a number above 0/],
    [
      'less than a half-life',
      ['stream', 'a.mp4', '--half-life', '0.05'],
      /'--half-life <frames>' argument '0\.05' is invalid\. It must be a number of 0\.1 or more/,
    ],
    [
      'images for ever',
      ['stream', 'a', '--images-per-second', '1e-4'],
      /'--images-per-second <n>' argument '1e-4' is invalid\. It must be a number of 0\.001 or more/,
    ],
    [
      'two averages',
      ['stream', 'a.mp4', '--window', '4', '--half-life', '4'],
      /'--half-life <frames>' cannot be used with option '--window <frames>'/,
    ],
    ['a file that is live', ['stream', 'a.mp4', '--live'], /--live was given with a file/],
    ['another size', ['info', '--size', 'M'], /'M' is invalid.*Ti, S, B, L/],
    ['two models', ['info', 'a.npz', '--size', 'S'], /a checkpoint and --size were both given/],
    ...[
      [['classify', ''], 'video'],
      [['classify', 'a.mp4', ''], 'video'],
      [['stream', ''], 'video'],
      [['train', '', '--out', 'x'], 'data'],
      [['convert', '', 'x'], 'in'],
      [['convert', 'x', ''], 'out'],
      [['info', ''], 'checkpoint'],
    ].map(([args, name]): [string, string[], RegExp] => [
      `an empty path for ${name}`,
      args as string[],
      new RegExp(`value '' is invalid for argument '${name}'`),
    ]),
    ...[
      ['train', 'clips', '--out', ''],
      ['train', 'clips', '--out', 'x', '--from', ''],
      ['train', 'clips', '--out', 'x', '--validate', ''],
      ['info', 'x', '--cache', ''],
      ['classify', 'a.mp4', '--checkpoint', ''],
      ['stream', 'a.mp4', '--labels', ''],
    ].map((args): [string, string[], RegExp] => [
      `an empty path after ${args.at(-2)}`,
      args,
      new RegExp(`option '${args.at(-2)} <[^>]+>' argument '' is invalid`),
    ]),
    ['a misspelt folder', ['train', 'clips', '--ot', 'x'], /unknown option '--ot'/],
    ['no folder', ['train', 'clips'], /required option '--out <folder>' not specified/],
    [
      'a wrong rate',
      ['train', 'clips', '--out', 'x', '--learning-rate', 'fast'],
      /'fast' is invalid. It must be a number of 0 or more/,
    ],
    [
      'a wrong jitter',
      ['train', 'clips', '--out', 'x', '--scale-jitter', '2,1'],
      /'2,1' is invalid. It must be none, or two numbers/,
    ],
    [
      'half a pair',
      ['train', 'clips', '--out', 'x', '--flips', 'left'],
      /'left' is invalid. It must be none, any, or pairs/,
    ],
    [
      'a size that is none',
      ['train', 'clips', '--out', 'x', '--image-size', '12x'],
      /'12x' is invalid. It must be a size/,
    ],
    [
      'a model and a size',
      ['train', 'clips', '--out', 'x', '--from', 'a.npz', '--size', 'S'],
      /--from was given with --size or --form/,
    ],
    [
      'a new body that is frozen',
      ['train', 'clips', '--out', 'x', '--freeze-body'],
      /--freeze-body was given without --from/,
    ],
    [
      'steps and epochs',
      ['train', 'clips', '--out', 'x', '--steps', '3', '--epochs', '2'],
      /'--steps <n>' cannot be used with option '--epochs <n>'/,
    ],
    [
      'a share of what is not shared',
      ['train', 'clips', '--out', 'x', '--validate', 'y', '--validate-share', '0.2'],
      /'--validate <data>' cannot be used with option '--validate-share <share>'/,
    ],
    [
      'everything to validate with',
      ['train', 'clips', '--out', 'x', '--validate-share', '1'],
      /'1' is invalid. It must be a number from 0 to below 1/,
    ],
    [
      'crops of nothing',
      ['train', 'clips', '--out', 'x', '--validate-share', '0', '--crops', '2'],
      /--crops was given with --validate-share 0/,
    ],
    [
      'a check that is none',
      ['train', 'clips', '--out', 'x', '--unchecked', '--skip-broken'],
      /'--unchecked' cannot be used with option '--skip-broken'/,
    ],
    [
      'a form of what is there',
      ['convert', 'a.npz', 'b', '--form', 'paper'],
      /--form was given without --vit/,
    ],
    ['a form without a size', ['info', '--form', 'paper'], /--form was given without --size/],
    ['a clip of no model', ['info', '--clip'], /--clip was given without a model/],
    [
      'one model twice',
      ['info', 'a.npz', '--checkpoint', 'a.npz'],
      /a checkpoint was given twice, as argument and by --checkpoint/,
    ],
    [
      'a cache of no download',
      ['info', '--size', 'S', '--cache', 'x'],
      /--cache was given without a checkpoint/,
    ],
    ['no download of nothing', ['info', '--offline'], /--offline was given without a checkpoint/],
    [
      'no download of the model that is there',
      ['classify', 'a.mp4', '--offline'],
      /--offline was given without --checkpoint; nothing is downloaded then/,
    ],
    [
      'a cache of the model that is there',
      ['stream', 'a.mp4', '--cache', 'x'],
      /--cache was given without --checkpoint; nothing is downloaded then/,
    ],
    [
      'a cache of a new model',
      ['train', 'clips', '--out', 'x', '--cache', 'y'],
      /--cache was given without --from/,
    ],
    [
      'threads of what has none',
      ['info', '--threads', '2', '--backend', 'cpu'],
      /--threads was given with --backend cpu/,
    ],
    [
      'what an .npz cannot hold',
      ['convert', 'a', 'b.npz', '--frames-per-second', '9'],
      /--frames-per-second was given with b\.npz; an \.npz holds parameters alone/,
    ],
    ['another format', ['convert', 'a', 'b.h5'], /b\.h5 is neither a folder nor an \.npz/],
    ['no target', ['convert', 'a.npz'], /missing required argument 'out'/],
  ])('with %s ends with 2 and says how to get help', async (_title, args, message) => {
    const { code, stdout, stderr } = await trecvit(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/\(trecvit .*--help shows how\)\n$/);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });
});
