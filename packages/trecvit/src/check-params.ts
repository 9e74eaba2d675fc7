import { ShapeError } from '@neverend/backend';
import type { TRecViTConfig } from './config.ts';
import { paramShapes } from './param-shapes.ts';

/** What of a parameter is known before its numbers are read. */
export interface ParamInfo {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/**
 * Holds parameters against a configuration.
 *
 * @param owner what they are called, for the message.
 * @throws ShapeError naming all that is missing, too many, of another shape or not float32 at once.
 */
export function checkParams(
  owner: string,
  params: Readonly<Record<string, ParamInfo>>,
  config: TRecViTConfig,
): void {
  const shapes = paramShapes(config);
  const missing = Object.keys(shapes).filter((name) => !Object.hasOwn(params, name));
  const extra = Object.keys(params).filter((name) => !Object.hasOwn(shapes, name));
  const misshapen = Object.entries(shapes).flatMap(([name, shape]) => {
    const found = Object.hasOwn(params, name) ? params[name] : undefined;
    return (found && misfit(name, found, shape)) ?? [];
  });
  const faults = listedFaults({ missing, extra, misshapen });
  if (faults !== undefined) throw new ShapeError(`${owner} ${faults}`);
}

/** In what a parameter does not fit; undefined where it does. */
export function misfit(
  name: string,
  found: ParamInfo,
  shape: readonly number[],
): string | undefined {
  if (found.shape.join() !== shape.join()) {
    return `${name} [${found.shape.join(', ')}], which must be [${shape.join(', ')}]`;
  }
  return found.dtype === 'float32' ? undefined : `${name} of ${found.dtype}, which must be float32`;
}

/** What is wrong, all of it in one phrase; undefined where nothing is. */
export function listedFaults(faults: {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly misshapen: readonly string[];
}): string | undefined {
  const { missing, extra, misshapen } = faults;
  const prefix = sharedPrefix(missing, extra);
  if (prefix !== undefined) {
    return `had names that all begin with ${JSON.stringify(prefix)}, and those of the model do not; leave it out`;
  }
  const phrases = [
    ...listed('lacked', missing),
    ...listed('had what the model does not know:', extra),
    ...listed('had other shapes or types:', misshapen),
  ];
  return phrases.length === 0 ? undefined : phrases.join('; it ');
}

/** What comes before the model's names in all of those that it does not know, as wrappers of a model put it there. */
function sharedPrefix(missing: readonly string[], extra: readonly string[]): string | undefined {
  const [first] = extra;
  if (first === undefined || extra.length < 2) return undefined;
  // The longest of the model's names that it ends with leaves the shortest prefix.
  const name = missing
    .filter((of) => first.endsWith(of))
    .toSorted((a, b) => b.length - a.length)[0];
  const prefix = name === undefined ? undefined : first.slice(0, -name.length);
  return prefix && extra.every((of) => of.startsWith(prefix)) ? prefix : undefined;
}

/** Beyond these, a count says enough. */
const mostNames = 20;

function listed(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length - mostNames;
  const rest = more > 0 ? ` and ${more} more` : '';
  return [`${what} ${names.slice(0, mostNames).join(', ')}${rest}`];
}
