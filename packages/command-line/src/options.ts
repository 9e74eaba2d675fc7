import type { BackendName } from '@neverend/backend';
import { type Command, InvalidArgumentError, Option } from 'commander';

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

/** The path of a folder: of one that is there, or of one that will be. */
export function folder(text: string): string {
  if (text === '') throw new InvalidArgumentError('It must be the path of a folder.');
  return text;
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
