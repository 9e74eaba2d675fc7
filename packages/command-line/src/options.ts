import type { BackendName } from '@neverend/backend';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from './usage-error.ts';

/** What the commands that compute have in common. */
export interface BackendFlags extends OutputFlags {
  readonly backend: BackendName | 'auto';
  readonly threads?: number;
}

/** What all commands have in common. */
export interface OutputFlags {
  readonly json?: true;
  readonly quiet?: true;
}

const backends = Object.keys({
  auto: true,
  tensorflow: true,
  webgpu: true,
  wasm: true,
  cpu: true,
} satisfies Record<BackendFlags['backend'], true>);

export const backendOptions = (): Option[] => [
  new Option('--backend <name>', 'the TensorFlow.js backend').choices(backends).default('auto'),
  new Option(
    '--threads <n>',
    'threads of the backends wasm and tensorflow (default: one for each processor)',
  ).argParser(positiveInteger),
];

export const outputOptions = (): Option[] => [
  new Option('--json', 'JSON on stdout and nothing else'),
  new Option('--quiet', 'nothing on stderr but errors'),
];

/** Refuses `--threads` with a backend that has none to set: a hook of a program, before each action. */
export function checkThreads(_: Command, command: Command): void {
  const { backend, threads } = command.opts<Partial<BackendFlags>>();
  if (threads !== undefined && (backend === 'cpu' || backend === 'webgpu')) {
    command.error(`error: --threads was given with --backend ${backend}, which has none to set`);
  }
}

/**
 * Refuses what was given and is empty, such as the path of a variable that is not set: a hook of a program, before each action. What stands for a
 * `<text>` in the help may be.
 */
export function checkEmpty(_: Command, command: Command): void {
  for (const [at, argument] of command.registeredArguments.entries()) {
    const name = argument.name();
    if (name === 'text' || ![command.processedArgs[at]].flat().includes('')) continue;
    command.error(
      `error: command-argument value '' is invalid for argument '${name}'. ${mustBe(name)}`,
    );
  }
  for (const option of command.options) {
    const name = /<(.+)>/.exec(option.flags)?.[1] ?? '';
    if (name === 'text' || command.getOptionValue(option.attributeName()) !== '') continue;
    command.error(`error: option '${option.flags}' argument '' is invalid. ${mustBe(name)}`);
  }
}

function mustBe(name: string): string {
  return name === 'folder' ? 'It must be the path of a folder.' : 'It must not be empty.';
}

/** Flags of `parseArgs`, of which none may be empty. @throws UsageError naming the first that is. */
export function checkEmptyValues(values: object): void {
  for (const [name, value] of Object.entries(values)) {
    if ([value].flat().includes('')) throw new UsageError(`--${name} was ''; it must not be empty`);
  }
}

/** Adds an option that must be given. Unlike commander's own `requiredOption`, one that is not there is named first: it may be this one, misspelt. */
export function requiredOption(command: Command, flags: string, text: string): Command {
  const option = new Option(flags, text);
  return command.addOption(option).hook('preAction', () => {
    if (command.getOptionValue(option.attributeName()) !== undefined) return;
    command.error(`error: required option '${flags}' not specified`);
  });
}

export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!(Number.isSafeInteger(value) && value > 0)) {
    throw new InvalidArgumentError('It must be a positive integer.');
  }
  return value;
}

export function integer(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It must be an integer.');
  }
  return value;
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (!(Number.isFinite(value) && value > 0)) {
    throw new InvalidArgumentError('It must be a number above 0.');
  }
  return value;
}

export function numberFrom(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(Number.isFinite(value) && value >= least)) {
      throw new InvalidArgumentError(`It must be a number of ${least} or more.`);
    }
    return value;
  };
}

export const notNegative: (text: string) => number = numberFrom(0);

export function share(text: string): number {
  const value = notNegative(text);
  if (value > 1) throw new InvalidArgumentError('It must be a number from 0 to 1.');
  return value;
}

export function shareBelowOne(text: string): number {
  const value = notNegative(text);
  if (value >= 1) throw new InvalidArgumentError('It must be a number from 0 to below 1.');
  return value;
}

export function notNegativeInteger(text: string): number {
  const value = integer(text);
  if (value < 0) throw new InvalidArgumentError('It must be an integer of 0 or more.');
  return value;
}
