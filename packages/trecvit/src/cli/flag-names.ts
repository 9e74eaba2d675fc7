import { flagOf } from '@neverend/command-line';
import type { TrainFlags } from './flags.ts';
import { settingNames } from './train-flags.ts';

const others: readonly (keyof TrainFlags)[] = ['imageSize', 'frames', 'framesPerSecond', 'crop'];
const names = [...settingNames, ...others];
const atBeginning = new RegExp(`^(${names.join('|')})(?= (?:was|were|had|and) )`);
/** Names that are no words. */
const anywhere = /(?<![\w/\\.-])[a-z]+(?:[A-Z][a-z]+)+(?![\w/\\-])/g;
const differences = /(?<= holds a run with other settings \().*(?=\); give it )/;

/**
 * Does the work of a training, whose errors name options as the API has them, and lets them name the flags.
 *
 * @throws what the work throws, with another message.
 */
export async function namingFlags<T>(flags: TrainFlags, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error) error.message = withFlags(error.message, flags);
    throw error;
  }
}

function withFlags(message: string, flags: TrainFlags): string {
  return message
    .replace(differences, (list) => [...new Set(list.split('; ').map(of(flags)))].join('; '))
    .replace(atBeginning, flagOf)
    .replaceAll(anywhere, (word) => (names.includes(word) ? flagOf(word) : word));
}

/** A difference, such as `settings.clips: 1 became 2`, by its flag. */
const of =
  ({ steps }: TrainFlags) =>
  (difference: string): string => {
    const [, place = '', name = '', change = ''] =
      /^(\w+)(?:\.(?:input\.)?(\w+))?[^:]*(:.*)?$/.exec(difference) ?? [];
    if (place === 'model') return 'the model to start from: --from, --size, --form or --seed';
    if (place === 'train') return 'the videos to learn from';
    if (place === 'validate') return 'the videos to validate with';
    if (place === 'backend') return `--backend${change}`;
    if (name === 'steps' && steps === undefined) return `steps, by --epochs${change}`;
    return names.includes(name) ? `${flagOf(name)}${change}` : difference;
  };
