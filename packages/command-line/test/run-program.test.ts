import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { Command, InvalidArgumentError } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import {
  backendOptions,
  checkEmpty,
  checkEmptyValues,
  checkThreads,
  commandRunner,
  exitStatus,
  integer,
  messageOf,
  notNegativeInteger,
  numberFrom,
  outputOptions,
  positiveInteger,
  positiveNumber,
  quoted,
  requiredOption,
  runProgram,
  share,
  shareBelowOne,
} from '../src/index.ts';
import { type Outcome, outcomeOf } from '../src/testing.ts';

function run(...args: string[]): Promise<Outcome> {
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
  return outcomeOf(() => runProgram(program, args));
}

it('has the result on stdout and all else on stderr', async () => {
  expect(await run('hello', 'world')).toEqual({
    ...{ code: 0, stdout: 'hello world\n', stderr: 'about to greet\n' },
  });
});

it('is quiet where it is asked to be', async () => {
  expect(await run('hello', 'world', '--quiet')).toMatchObject({
    stdout: 'hello world\n',
    stderr: '',
  });
});

it('ends with 1 and one line where something failed, at once or in between', async () => {
  expect(await run('hello', 'nobody', '--quiet')).toEqual({
    ...{ code: 1, stdout: '', stderr: 'greet: nobody is there to greet\n' },
  });
  expect(await run('hello', 'some', '--quiet')).toEqual({
    ...{ code: 1, stdout: 'hello some\n', stderr: 'greet: x: no such file or directory\n' },
  });
});

it.each([[['hello']], [['hello', 'a', '--backend', 'abacus']], [['bye']]])(
  'ends with 2 for the wrong command line %j',
  async (args) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('error: ');
  },
);

it('refuses threads where the backend has none to set', async () => {
  const { code, stderr } = await run('hello', 'a', '--backend', 'cpu', '--threads', '2');
  expect([code, stderr.split('\n')[0]]).toEqual([
    2,
    'error: --threads was given with --backend cpu, which has none to set',
  ]);
});

describe('what is given and empty', () => {
  const greet = (...args: string[]) => {
    const program = new Command('greet').exitOverride().hook('preAction', checkEmpty);
    const command = program.command('hello').argument('<name>').argument('[others...]');
    requiredOption(command, '--out <folder>', 'where it goes')
      .option('--from <checkpoint>', 'a file')
      .option('--labels <file>', 'a file')
      .option('--prompt <text>', 'a text', '');
    command.action(() => void process.stdout.write('hello\n'));
    return outcomeOf(() => runProgram(program, args));
  };

  it.each([
    [[''], "command-argument value '' is invalid for argument 'name'. It must not be empty."],
    [['a', 'b', ''], "command-argument value '' is invalid for argument 'others'. It must not be"],
    [['a', '--from', ''], "option '--from <checkpoint>' argument '' is invalid. It must not be"],
    [['a', '--labels='], "option '--labels <file>' argument '' is invalid. It must not be empty."],
  ])('is refused by name: %j', async (args, message) => {
    const { code, stdout, stderr } = await greet('hello', ...args, '--out', 'x');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`error: ${message}`);
  });

  it('is refused as the folder that it must be', async () => {
    const { code, stderr } = await greet('hello', 'a', '--out', '');
    expect([code, stderr]).toEqual([
      2,
      "error: option '--out <folder>' argument '' is invalid. It must be the path of a folder.\n",
    ]);
  });

  it('is taken where it is a text, or was not given', async () => {
    expect(await greet('hello', 'a', '--out', 'x', '--prompt', '')).toMatchObject({ code: 0 });
    expect(await greet('hello', 'a', '--out', 'x')).toMatchObject({ code: 0, stdout: 'hello\n' });
  });

  it('is refused among the values of parseArgs', () => {
    const options = { out: { type: 'string' }, case: { type: 'string', multiple: true } } as const;
    const of = (...args: string[]) => parseArgs({ args, options }).values;
    expect(() => checkEmptyValues(of('--out', ''))).toThrow("--out was ''; it must not be empty");
    expect(() => checkEmptyValues(of('--case', 'a', '--case='))).toThrow(
      "--case was ''; it must not be empty",
    );
    expect(() => checkEmptyValues(of('--out', 'x', '--case', 'a'))).not.toThrow();
  });

  it('ends with 2 where parseArgs is used, as all that is wrong usage', () => {
    const options = { out: { type: 'string' } } as const;
    const statusOf = (...args: string[]) => {
      try {
        checkEmptyValues(parseArgs({ args, options }).values);
      } catch (error) {
        return exitStatus(error);
      }
      return 0;
    };
    expect(statusOf('--out', 'x')).toBe(0);
    expect(statusOf('--out', '')).toBe(2);
    expect(statusOf('--ot', 'x')).toBe(2);
    expect(exitStatus(new RangeError('x'))).toBe(1);
    expect(exitStatus('x')).toBe(1);
  });

  it('that must be given is asked for after what is misspelt is named', async () => {
    const { code, stderr } = await greet('hello', 'a', '--ot', 'x');
    expect([code, stderr]).toEqual([2, "error: unknown option '--ot'\n(Did you mean --out?)\n"]);
    const missing = await greet('hello', 'a');
    expect([missing.code, missing.stderr]).toEqual([
      2,
      "error: required option '--out <folder>' not specified\n",
    ]);
  });
});

it.each([
  'runs/mine',
  '/tmp/a b',
  "it's",
  '$HOME',
  '`id`',
  'a\nb',
  '"',
  '\\',
  '~',
  '*',
  '',
  '#x',
  'é',
])('quotes %j so that a shell gives it back', (text) => {
  const back = execFileSync('sh', ['-c', `printf '%s' ${quoted(text)}`], { encoding: 'utf8' });
  expect(back).toBe(text);
});

it('does not quote what needs none', () => expect(quoted('runs/mine-1.2')).toBe('runs/mine-1.2'));

it.each([
  ["EACCES: permission denied, open '/a b/it's'", "/a b/it's: permission denied"],
  [
    "EXDEV: cross-device link not permitted, rename 'a' -> 'b'",
    'a: cross-device link not permitted',
  ],
  ['ENOSPC: no space left on device, write', 'ENOSPC: no space left on device, write'],
])('says %j in words', (message, words) => {
  expect(messageOf(new Error(message))).toBe(words);
});

it('shows the stacks of an error and of its causes where it is asked to', async () => {
  vi.stubEnv('GREET_DEBUG', '1');
  const program = new Command('greet').exitOverride();
  program.command('hello').action(() => {
    throw new Error('above', { cause: new TypeError('below') });
  });
  const { stderr } = await outcomeOf(() => runProgram(program, ['hello']));
  vi.unstubAllEnvs();
  expect(stderr).toMatch(/^greet: above\nError: above\n {4}at .*\nTypeError: below\n {4}at /s);
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
