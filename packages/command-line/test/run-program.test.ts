import { Command, InvalidArgumentError } from 'commander';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  backendOptions,
  checkThreads,
  commandRunner,
  integer,
  notNegativeInteger,
  numberFrom,
  outputOptions,
  positiveInteger,
  positiveNumber,
  runProgram,
  share,
  shareBelowOne,
} from '../src/index.ts';

let [stdout, stderr] = ['', ''];
beforeEach(() => {
  [stdout, stderr, process.exitCode] = ['', '', undefined];
  const into = (add: (text: string) => void) =>
    ((text: string, done?: () => void) => {
      add(text);
      done?.();
      return true;
    }) as typeof process.stdout.write;
  vi.spyOn(process.stdout, 'write').mockImplementation(into((text) => (stdout += text)));
  vi.spyOn(process.stderr, 'write').mockImplementation(into((text) => (stderr += text)));
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

async function run(...args: string[]): Promise<void> {
  const program = new Command('greet').exitOverride().hook('preAction', checkThreads);
  const hello = program.command('hello').argument('<name>');
  for (const option of [...backendOptions(), ...outputOptions()]) hello.addOption(option);
  hello.action((name: string, flags: { quiet?: boolean }) =>
    commandRunner('greet')(flags, async ({ note, print, fail }) => {
      note('about to greet');
      if (name === 'nobody') throw new Error('nobody is there\n  to greet');
      if (name === 'some') fail(new Error("ENOENT: no such file or directory, open 'x'"));
      await print(`hello ${name}\n`);
    }),
  );
  await runProgram(program, args);
}

it('has the result on stdout and all else on stderr', async () => {
  await run('hello', 'world');
  expect([stdout, stderr, process.exitCode]).toEqual([
    'hello world\n',
    'about to greet\n',
    undefined,
  ]);
});

it('is quiet where it is asked to be', async () => {
  await run('hello', 'world', '--quiet');
  expect([stdout, stderr]).toEqual(['hello world\n', '']);
});

it('ends with 1 and one line where something failed, at once or in between', async () => {
  await run('hello', 'nobody', '--quiet');
  expect([stdout, stderr, process.exitCode]).toEqual(['', 'greet: nobody is there to greet\n', 1]);
  stderr = '';
  await run('hello', 'some', '--quiet');
  expect([stdout, stderr]).toEqual(['hello some\n', 'greet: x: no such file or directory\n']);
});

it.each([[['hello']], [['hello', 'a', '--backend', 'abacus']], [['bye']]])(
  'ends with 2 for the wrong command line %j',
  async (args) => {
    await run(...args);
    expect([stdout, process.exitCode]).toEqual(['', 2]);
    expect(stderr).toContain('error: ');
  },
);

it('refuses threads where the backend has none to set', async () => {
  await run('hello', 'a', '--backend', 'cpu', '--threads', '2');
  expect([stderr.split('\n')[0], process.exitCode]).toEqual([
    'error: --threads was given with --backend cpu, which has none to set',
    2,
  ]);
});

it.each([
  [positiveInteger, '3', ['0', '1.5', 'x', '']],
  [integer, '-3', ['1.5', ' ', 'x']],
  [notNegativeInteger, '0', ['-1', '0.5']],
  [positiveNumber, '0.5', ['0', '-1', 'x', 'Infinity']],
  [numberFrom(2), '2', ['1.9', '', 'x']],
  [share, '1', ['1.1', '-0.1', '']],
  [shareBelowOne, '0', ['1', '-0.1']],
] as const)('%o takes %s and refuses %j', (parse, right, wrong) => {
  expect(parse(right)).toBe(Number(right));
  for (const text of wrong) expect(() => parse(text)).toThrow(InvalidArgumentError);
});
