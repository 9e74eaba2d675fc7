import {
  checkNumber,
  checkObject,
  checkOneOf,
  checkOptions,
  described,
  randomKey,
} from '@neverend/backend';
import { CheckpointError } from '@neverend/checkpoint';
import { checkConfig, configFields, officialConstants, type TRecViTConfig } from './config.ts';

/** How a model wants its video. */
export interface VideoInput {
  /** Frames of a second that the model sees. */
  readonly framesPerSecond: number;
  /** How frames of another shape are made to fit: the middle of them, or all of them, squeezed. */
  readonly crop: 'centre' | 'squeeze';
  /** What black and white become. */
  readonly range: readonly [black: number, white: number];
}

/** What a model is beside its parameters: the content of a `config.json`. */
export interface ModelCard {
  readonly config: TRecViTConfig;
  readonly input: VideoInput;
  /** The names of the classes in the order of the logits; without them they are numbers. */
  readonly classNames?: readonly string[];
}

/** How the official models want their video: colours in [0, 1], and, for clips of every second frame of 25 a second, their middle. */
export const officialInput: VideoInput = { framesPerSecond: 12.5, crop: 'centre', range: [0, 1] };

const format = 'neverend-trecvit-1';
const inputFields = ['framesPerSecond', 'crop', 'range'] as const;

/** @throws as `checkConfig` does, and RangeError | TypeError naming another field. */
export function checkCard(card: ModelCard): void {
  checkObject('card', card, 'with config and input');
  const { config, input, classNames } = card;
  for (const [name, value] of Object.entries({ config, input })) {
    if (typeof value !== 'object' || value === null) {
      throw new TypeError(`${name} was ${described(value)}; it must be an object`);
    }
  }
  checkConfig(config);
  checkOptions('input', input, inputFields);
  const { framesPerSecond, crop, range } = input;
  checkNumber('input.framesPerSecond', framesPerSecond, 0);
  if (framesPerSecond === 0) {
    throw new RangeError('input.framesPerSecond was 0; it must be above 0');
  }
  checkOneOf('input.crop', crop, ['centre', 'squeeze']);
  const finite = Array.isArray(range) && range.length === 2 && range.every(Number.isFinite);
  if (!finite || range[0] === range[1]) {
    throw new RangeError(
      `input.range was ${JSON.stringify(range)}; it must be two different finite numbers`,
    );
  }
  if (classNames === undefined) return;
  if (!Array.isArray(classNames) || !classNames.every((name) => typeof name === 'string')) {
    throw new TypeError('classNames was no list of strings');
  }
  if (classNames.length !== config.classes) {
    throw new RangeError(
      `classNames had ${classNames.length} names; it must have ${config.classes}, one for each class`,
    );
  }
}

/** The text of a `config.json`. @throws as `checkCard` does. */
export function writeCard(card: ModelCard): string {
  checkCard(card);
  const { config, input, classNames } = card;
  const fields = {
    config: inOrder(config, configFields),
    input: inOrder(input, inputFields),
    ...(classNames === undefined ? {} : { classNames }),
  };
  const { low, high } = randomKey(JSON.stringify(fields));
  const id = [low, high].map((part) => part.toString(16).padStart(8, '0')).join('');
  return `${JSON.stringify({ format, id, ...fields }, null, 2)}\n`;
}

/** The same card is the same text, however it was put together. */
const inOrder = <T extends object>(of: T, names: readonly (keyof T & string)[]) =>
  Object.fromEntries(names.map((name) => [name, of[name]]));

/** What tells the text of a card that `writeCard` wrote from others; it stays when a field is edited by hand. */
export function cardId(text: string): string | undefined {
  try {
    const { id } = JSON.parse(text) as { readonly id?: unknown };
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Constants that the text leaves out are those of the official models.
 *
 * @throws CheckpointError when the text is no `config.json` of a TRecViT, or one of its fields is wrong, naming it.
 */
export function readCard(text: string): ModelCard {
  let fields: Record<string, unknown>;
  try {
    fields = JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new CheckpointError('config.json is not JSON', { cause });
  }
  if (fields?.['format'] !== format) {
    throw new CheckpointError(
      `config.json says that its format is ${JSON.stringify(fields?.['format'])}; that of a TRecViT is "${format}"`,
    );
  }
  const { format: _, id: __, ...rest } = fields;
  const card: Record<string, unknown> = { ...rest, config: withConstants(rest['config']) };
  try {
    checkOptions('config.json', card, ['config', 'input', 'classNames']);
    checkCard(card as unknown as ModelCard);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CheckpointError(`config.json is not right: ${message}`, { cause: error });
  }
  return card as unknown as ModelCard;
}

function withConstants(config: unknown): unknown {
  if (typeof config !== 'object' || config === null) return config;
  const { heads } = config as Partial<TRecViTConfig>;
  return { ...officialConstants, gateBlocks: heads, ...config };
}
