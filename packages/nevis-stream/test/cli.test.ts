import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { bundleForNode } from '@neverend/backend/testing/op-cases';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runDigests } from './environment/toy.ts';

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
  cwd?: string,
): {
  readonly child: ChildProcess;
  readonly end: Promise<End>;
} {
  const child = spawn(process.execPath, [cli, ...args], { env: { ...process.env, ...env }, cwd });
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

const nevis = (...args: readonly string[]) => start(args).end;

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'nevis-cli-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

const smoke = (out: string, ...more: readonly string[]) => [
  ...['run', '--preset', 'smoke', '--out', join(scratch, out), '--cache', join(scratch, 'cache')],
  ...more,
];

describe('nevis run', () => {
  it('prints a table and the report on stdout, and what it does on stderr', async () => {
    const { code, stdout, stderr } = await nevis(...smoke('whole'));
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^error .*Independent .*Fine-tuning from previous .*Logistic regression/,
    );
    expect(stdout).toContain(`report: ${join(scratch, 'whole', 'report.html')}`);
    expect(stdout).toMatch(/^These are 5 of 106 positions of NEVIS'22, .*dev_test, with one seed/m);
    expect(stdout).toMatch(/^(No difference shown between|.* errs least on average, with this)/m);
    expect(stdout).toMatch(
      /^again: nevis run --preset smoke --seed 0 --backend wasm --out again$/m,
    );
    expect(stderr).toMatch(/^backend wasm .*\n/);
    expect(stderr).toContain('train Fine-tuning from previous: MNIST (2015)');
  });

  it.runIf(hasSignals)(
    'stops on SIGINT with 130, and resume ends with the same bytes',
    async () => {
      const { child, end } = start(smoke('stopped'));
      child.stderr?.on('data', (data) => {
        if (String(data).includes('Fine-tuning from previous: MNIST (2004)')) child.kill('SIGINT');
      });
      const folder = join(scratch, 'stopped');
      const { code, stderr } = await end;
      expect(code).toBe(130);
      expect(stderr).toContain(`interrupted; go on with: nevis resume ${folder}`);
      const resumed = await nevis('resume', folder, '--cache', join(scratch, 'cache'), '--json');
      expect(resumed.code).toBe(0);
      expect(await runDigests(folder)).toEqual(await runDigests(join(scratch, 'whole')));
      // Only JSON on stdout, and the numbers are those of the report's data.
      const answer = JSON.parse(resumed.stdout);
      const data = JSON.parse(await readFile(join(folder, 'report-data.json'), 'utf8'));
      expect(answer.report).toBe(join(folder, 'report.html'));
      expect(answer.command).toBe('nevis run --preset smoke --seed 0 --backend wasm --out again');
      expect(answer.comparisons).toEqual(data.comparisons.average);
      for (const [index, learner] of answer.learners.entries()) {
        const { name, averageErrorRate, tasks } = data.learners[index];
        expect(learner).toMatchObject({ name, averageErrorRate });
        expect(learner.tasks).toHaveLength(5);
        for (const [position, task] of learner.tasks.entries()) {
          expect(task.errorRate).toBe(tasks[position].errorRate);
        }
        expect(
          learner.tasks.map(({ year, name }: { year: number; name: string }) => `${year} ${name}`),
        ).toEqual([
          '1998 LandSat UCI repo',
          '2004 MNIST',
          '2015 MNIST',
          '2019 Fashion MNIST',
          '2019 MNIST-rot',
        ]);
      }
    },
  );

  it.runIf(hasSignals)(
    'stops on SIGINT while it prepares data, at once and in the words of who called it',
    async () => {
      const cache = join(scratch, 'cold-cache');
      const { child, end } = start(
        ['run', '--preset', 'smoke', '--out', join(scratch, 'cold'), '--cache', cache],
        { NEVIS_AGAIN: 'npm start' },
      );
      child.stderr?.on('data', (data) => {
        if (String(data).includes('prepare data')) child.kill('SIGINT');
      });
      const { code, stderr } = await end;
      expect(code).toBe(130);
      expect(stderr).toContain('interrupted; go on with: npm start\n');
      // It did not go on to the end of what it was preparing.
      expect(existsSync(join(cache, 'mnist-rot.bin'))).toBe(false);
    },
  );

  it.each([
    ['a file', cli, `${cli} is a file; it must be a folder, or not exist yet`],
    // Linux' /proc says ENOENT to every new name.
    [
      'a place that takes no folder',
      '/proc/none/run',
      process.platform === 'linux' ? '/proc/none: no such file or directory' : '',
    ],
  ])('is one line where --out is %s', async (_title, out, message) => {
    const { code, stdout, stderr } = await nevis(
      'run',
      '--out',
      out,
      '--preset',
      'smoke',
      '--quiet',
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^nevis: [^\n]+\n$/);
    expect(stderr).toContain(message);
  });

  it('says nothing of TensorFlow.js on stderr with --quiet', async () => {
    const { child, end } = start(smoke('quiet', '--backend', 'cpu', '--quiet'));
    // It has computed then.
    const trained = join(scratch, 'quiet', 'independent', 'checkpoint.json');
    while (!existsSync(trained) && child.exitCode === null) await setTimeout(50);
    child.kill();
    expect((await end).stderr).not.toContain('TensorFlow');
  });

  it('refuses a folder with a run of another seed in one line', async () => {
    const { code, stdout, stderr } = await nevis(...smoke('whole', '--seed', '9', '--quiet'));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^nevis: .*seed: 0 became 9.*\n$/);
  });

  it('refuses the folder of another preset by preset and seed', async () => {
    const folder = join(scratch, 'whole');
    const { code, stdout, stderr } = await nevis(
      ...['run', '--out', folder, '--seed', '1', '--cache', join(scratch, 'cache'), '--quiet'],
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      `nevis: ${folder} holds a run with other settings (preset: "smoke" became "start"; seed: 0 became 1); ` +
        `use another folder, or go on with those by: nevis resume ${folder}\n`,
    );
  });

  it('refuses a folder that is not empty and holds no run, and leaves it as it is', async () => {
    const folder = join(scratch, 'mine');
    await mkdir(folder);
    await writeFile(join(folder, 'notes.txt'), 'mine');
    const { code, stdout, stderr } = await nevis(...smoke('mine', '--quiet'));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      `nevis: ${folder} holds no run and is not empty (notes.txt); give a folder that is empty or does not exist yet\n`,
    );
    expect(await readdir(folder)).toEqual(['notes.txt']);
  });

  it.runIf(hasSignals)('gives other numbers for another seed', async () => {
    const { child, end } = start(smoke('other', '--seed', '9'));
    // The first learner is done with all tasks then.
    child.stderr?.on('data', (data) => {
      if (String(data).includes('Fine-tuning from previous')) child.kill('SIGINT');
    });
    expect((await end).code).toBe(130);
    const [a, b] = await Promise.all(
      ['whole', 'other'].map((name) =>
        readFile(join(scratch, name, 'independent', 'metrics.json'), 'utf8'),
      ),
    );
    expect(a).not.toBe(b);
  });
});

describe('the command that makes a run again', () => {
  it('makes the same numbers in another folder', async () => {
    const cache = ['--cache', join(scratch, 'cache'), '--quiet'];
    const first = await nevis('resume', join(scratch, 'whole'), ...cache, '--json');
    const [program, ...args] = JSON.parse(first.stdout).command.split(' ');
    expect(program).toBe('nevis');
    expect((await start([...args, ...cache], {}, scratch).end).code).toBe(0);
    expect(await runDigests(join(scratch, 'again'))).toEqual(
      await runDigests(join(scratch, 'whole')),
    );
  });
});

describe('nevis report', () => {
  it('writes the page again from the files of the run', async () => {
    const page = join(scratch, 'whole', 'report.html');
    const before = await readFile(page, 'utf8');
    await rm(page);
    expect(await nevis('report', join(scratch, 'whole'))).toEqual({
      code: 0,
      stdout: `${page}\n`,
      stderr: '',
    });
    // Not toBe, which would print two pages.
    expect((await readFile(page, 'utf8')) === before).toBe(true);
  });

  it('says how to mend what another version wrote', async () => {
    const folder = join(scratch, 'older');
    await mkdir(folder);
    await writeFile(join(folder, 'report-data.json'), '{"schema": 1}');
    const { code, stderr } = await nevis('report', folder);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `nevis: ${join(folder, 'report-data.json')} was written by another version; write it again with: nevis resume ${folder}\n`,
    );
  });

  it('says how to finish a run that is not done', async () => {
    const folder = join(scratch, 'begun');
    await mkdir(folder);
    await copyFile(join(scratch, 'whole', 'config.json'), join(folder, 'config.json'));
    const { code, stderr } = await nevis('report', folder);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `nevis: ${folder} holds no finished run; finish it with: nevis resume ${folder}\n`,
    );
  });

  it('says that a folder holds no run', async () => {
    for (const folder of [scratch, join(scratch, 'nowhere')]) {
      expect(await nevis('report', folder)).toEqual({
        ...{ code: 1, stdout: '' },
        stderr: `nevis: ${folder} holds no run; start one with: nevis run --out ${folder}\n`,
      });
    }
  });

  it.each([
    ['nothing', '{"schema": 2}', 'data.title was undefined; it must be a text'],
    [
      'learners that are none',
      '{"schema": 2, "title": "t", "command": null, "learners": [null]}',
      'data.settings was undefined; it must be an object',
    ],
  ])('says how to mend data with %s', async (_title, text, reason) => {
    const folder = await mkdtemp(join(scratch, 'damaged-'));
    await writeFile(join(folder, 'report-data.json'), text);
    expect(await nevis('report', folder)).toEqual({
      ...{ code: 1, stdout: '' },
      stderr: `nevis: ${join(folder, 'report-data.json')} is damaged (${reason}); write it again with: nevis resume ${folder}\n`,
    });
  });
});

describe('a folder that a shell would take for several words', () => {
  it('is quoted in the commands that are told', async () => {
    const folder = join(scratch, "it's a folder");
    // The oracle: what a shell gives back is the name.
    const inShell = (command: string) =>
      execFileSync('sh', ['-c', `printf '%s' ${command}`], { encoding: 'utf8' });
    const tells = async (...args: string[]) => (await nevis(...args)).stderr.trim();
    const { child, end } = start(smoke("it's a folder"));
    child.stderr?.on('data', (data) => {
      if (String(data).includes('train ')) child.kill('SIGINT');
    });
    const nowhere = join(scratch, 'no where');
    const told = [
      [(await end).stderr.trim(), folder],
      [await tells('report', folder), folder],
      [await tells(...smoke("it's a folder", '--seed', '4')), folder],
      [await tells('resume', nowhere), nowhere],
    ];
    for (const [text = '', name] of told) {
      const [, argument = ''] = /(?:nevis resume|--out) (.+)$/.exec(text) ?? [];
      expect(inShell(argument), text).toBe(name);
    }
    await writeFile(join(folder, 'report-data.json'), '{"schema": 1}');
    expect(await tells('report', folder)).toContain(
      `nevis resume '${folder.replace("'", "'\\''")}'`,
    );
  });
});

describe('a finished run', () => {
  it('does not go on with a config.json that was edited', async () => {
    const path = join(scratch, 'whole', 'config.json');
    const text = await readFile(path, 'utf8');
    const resume = ['resume', join(scratch, 'whole'), '--cache', join(scratch, 'cache'), '--quiet'];
    const before = await runDigests(join(scratch, 'whole'));
    const config = JSON.parse(text);
    config.learners[0].settings.search.steps = 7;
    for (const [edited, difference] of [
      [text.replace('"seed": 0', '"seed": 5'), 'seed: 0 became 5'],
      [JSON.stringify(config), `independent.settings.search.steps: 6 became 7`],
    ] as const) {
      await writeFile(path, edited);
      const { code, stderr } = await nevis(...resume);
      expect(code).toBe(1);
      expect(stderr).toBe(
        `nevis: ${join(scratch, 'whole', 'independent')} was made with other settings than ${path} has now (${difference}); restore those, or use another folder\n`,
      );
    }
    await writeFile(path, text);
    expect((await nevis(...resume)).code).toBe(0);
    expect(await runDigests(join(scratch, 'whole'))).toEqual(before);
  });
});

describe('nevis list', () => {
  it('names the tasks in the order of the stream and the presets', async () => {
    const { code, stdout } = await nevis('list');
    expect(code).toBe(0);
    expect(
      [...stdout.matchAll(/^ {2}(\d{4}) {2}(.*?) {2,}/gm)].map(
        ([, year, name]) => `${year} ${name}`,
      ),
    ).toEqual([
      '1998 LandSat UCI repo',
      '2004 MNIST',
      '2015 MNIST',
      '2019 Fashion MNIST',
      '2019 MNIST-rot',
    ]);
    expect(stdout).toMatch(/^ {2}start .*\n.*independent, finetune-previous, logistic-regression/m);
  });

  it('gives the same as JSON', async () => {
    const { stdout } = await nevis('list', '--json');
    const { tasks, presets } = JSON.parse(stdout);
    expect(tasks).toHaveLength(5);
    expect(presets.map(({ name }: { name: string }) => name)).toEqual(['start', 'smoke']);
  });
});

describe('a wrong command line', () => {
  it.each([
    [
      'an unknown preset',
      ['run', '--out', 'x', '--preset', 'huge'],
      /'huge' is invalid.*start, smoke/,
    ],
    [
      'a misspelt folder',
      ['run', '--ot', 'x'],
      /^error: unknown option '--ot'\n\(Did you mean --out\?\)/,
    ],
    ['a missing folder', ['run'], /required option '--out <folder>' not specified/],
    ['a seed that is no integer', ['run', '--out', 'x', '--seed', '1.5'], /must be an integer/],
    ['an unknown backend', ['run', '--out', 'x', '--backend', 'abacus'], /'abacus' is invalid/],
    ...[
      ['run', '--out', ''],
      ['run', '--out', 'x', '--cache', ''],
      ['resume', ''],
      ['report', ''],
    ].map((args): [string, string[], RegExp] => [
      `an empty path after ${args.slice(0, -1).join(' ')}`,
      args,
      /'' is invalid.* It must be the path of a folder\./,
    ]),
    ['an unknown command', ['walk'], /unknown command 'walk'/],
  ])('with %s ends with 2 and without a stack trace', async (_title, args, message) => {
    const { code, stdout, stderr } = await nevis(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });

  it('does not wait for TensorFlow.js', async () => {
    const tell = `import Module from 'node:module';
      process.on('exit', () => {
        const loaded = Object.keys(Module._cache).filter((file) => file.includes('tfjs-core'));
        process.stderr.write('TensorFlow.js: ' + loaded.length);
      });`;
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(tell)}`;
    const { stderr } = await start(['walk'], { NODE_OPTIONS }).end;
    expect(stderr).toMatch(/unknown command 'walk'.*TensorFlow\.js: 0$/s);
    const listed = await start(['list'], { NODE_OPTIONS }).end;
    expect(listed.stderr).toMatch(/^TensorFlow\.js: [1-9]/);
  });

  it('resume of a folder without a run is one line', async () => {
    const { code, stderr } = await nevis('resume', join(scratch, 'nowhere'));
    expect(code).toBe(1);
    expect(stderr.trim().split('\n')).toEqual([expect.stringContaining('holds no run')]);
  });

  it('resume of a damaged config is one line', async () => {
    await writeFile(join(scratch, 'config.json'), '{');
    const { code, stderr } = await nevis('resume', scratch);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `nevis: ${join(scratch, 'config.json')} is not JSON; restore it or delete it\n`,
    );
  });

  it.each([
    '[]',
    '{"learners": [null], "seed": 0, "preset": "smoke", "backend": {"name": "cpu"}}',
    '{"learners": [], "seed": 0, "preset": "smoke", "backend": {"name": "cpu"}}',
    '{"learners": [{"name": "a"}], "seed": "0", "preset": "smoke", "backend": {"name": "cpu"}}',
    '{"learners": [{"name": "a"}], "seed": 0, "preset": "smoke", "backend": null}',
  ])('resume of a config that is not that of a run is one line: %s', async (text) => {
    await writeFile(join(scratch, 'config.json'), text);
    const { code, stderr } = await nevis('resume', scratch);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `nevis: ${join(scratch, 'config.json')} is not one of a run; restore it or delete it\n`,
    );
  });

  it('shows where an error came from with NEVIS_DEBUG=1', async () => {
    const { code, stderr } = await start(['report', scratch], { NEVIS_DEBUG: '1' }).end;
    expect(code).toBe(1);
    expect(stderr).toMatch(/\n {4}at /);
  });

  it('help and version end with 0', async () => {
    const help = await nevis('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('2 for wrong usage');
    expect(help.stdout).toContain('NEVIS_DEBUG=1 shows where an error came from.');
    const { code, stdout } = await nevis('--version');
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});
