import { Command, InvalidArgumentError } from 'commander';
import { expect, it } from 'vitest';
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
