import { type BackendFlags, numberFrom, positiveInteger, share } from '@neverend/command-line';
import { type Command, Option } from 'commander';
import type { TRecViTForm, TRecViTSize } from '../config.ts';
import type { VideoInput } from '../config-file.ts';
import { defaultCacheFolder } from '../pretrained/folder-store.ts';

export {
  type BackendFlags,
  backendOptions,
  integer,
  notNegative,
  notNegativeInteger,
  numberFrom,
  outputOptions,
  positiveInteger,
  positiveNumber,
  shareBelowOne,
} from '@neverend/command-line';

/** What the commands that load a model have in common. */
export interface ModelFlags extends BackendFlags {
  readonly checkpoint?: string;
  readonly labels?: string;
  readonly offline?: true;
  readonly cache?: string;
}

export const downloadOptions = (): Option[] => [
  new Option('--offline', 'use only what is in the cache'),
  new Option('--cache <folder>', `where downloads are kept (default: ${defaultCacheFolder()})`),
];

/** Ends with usage where options of `downloadOptions` are given without what would be downloaded. */
export function refuseIdleDownload(
  command: Command,
  flags: Pick<ModelFlags, 'offline' | 'cache'>,
  from: { readonly name: string; readonly value: string | undefined },
): void {
  const idle = (['offline', 'cache'] as const).find((name) => name in flags);
  if (from.value === undefined && idle !== undefined) {
    command.error(`error: --${idle} was given without ${from.name}; nothing is downloaded then`);
  }
}

export const checkpointOption = (): Option =>
  new Option(
    '--checkpoint <path|url>',
    'a folder with config.json and model.safetensors, or an official .npz file (default: the model of @neverend/trecvit-motions)',
  );

export const labelsOption = (): Option =>
  new Option(
    '--labels <file>',
    "a file with the names of the classes, one a line, to use in place of the model's",
  );

export const topOption = (): Option =>
  new Option('--top <k>', 'how many classes to print').argParser(positiveInteger).default(5);

export const sureOption = (): Option =>
  new Option(
    '--sure-from <share>',
    "the probability below which the answer is 'not sure' (default: 0; for the default model, its own)",
  ).argParser(share);

export const imagesOption = (): Option =>
  new Option('--images-per-second <n>', 'the frame rate of a folder of images')
    .argParser(numberFrom(0.001))
    .default(25);

const sizes = Object.keys({ Ti: true, S: true, B: true, L: true } satisfies Record<
  TRecViTSize,
  true
>);
const forms = Object.keys({ released: true, paper: true } satisfies Record<TRecViTForm, true>);

export const sizeOption = (): Option =>
  new Option('--size <name>', 'a size of the paper').choices(sizes);

/** @param of what its help adds. */
export const formOption = (of = ''): Option =>
  new Option('--form <name>', `the form of the released checkpoints or of the paper${of}`).choices(
    forms,
  );

export const framesPerSecondOption = (): Option =>
  new Option('--frames-per-second <n>', 'the frame rate at which the model sees videos').argParser(
    numberFrom(0.001),
  );

export const cropOption = (): Option =>
  new Option('--crop <how>', 'how frames of another shape are made to fit').choices(
    Object.keys({ centre: true, squeeze: true } satisfies Record<VideoInput['crop'], true>),
  );
