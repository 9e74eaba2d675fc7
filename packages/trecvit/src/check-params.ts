import { checkObject, checkTensorOf, ShapeError } from '@neverend/backend';
import type { Params } from '@neverend/nn';
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
 * @throws TypeError naming what is no tensor. @throws ShapeError naming all that is missing, too many, of another shape or not float32 at once.
 */
export function checkParams(owner: string, params: Params, config: TRecViTConfig): void {
  checkObject(owner, params, 'of tensors by names');
  for (const [name, param] of Object.entries(params)) checkTensorOf(`${owner}["${name}"]`, param);
  const shapes = paramShapes(config);
  const missing = Object.keys(shapes).filter((name) => !Object.hasOwn(params, name));
  const extra = Object.keys(params).filter((name) => !Object.hasOwn(shapes, name));
  const misshapen = Object.entries(shapes).flatMap(([name, shape]) => {
    const found = Object.hasOwn(params, name) ? params[name] : undefined;
    return (found && misfit(name, found, shape)) ?? [];
  });
  const faults = listedFaults({ known: Object.keys(shapes).length, missing, extra, misshapen });
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
  /** How many names the model knows. */
  readonly known: number;
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly misshapen: readonly string[];
}): string | undefined {
  const { known, missing, extra, misshapen } = faults;
  const prefix = sharedPrefix(missing, extra);
  if (prefix !== undefined) {
    return `had names that all begin with ${JSON.stringify(prefix)}, and those of the model do not; leave it out`;
  }
  // A file of something else needs no list of all that it is not.
  const most = missing.length === known ? 20 : Number.POSITIVE_INFINITY;
  const phrases = [
    ...listed('lacked', missing, most),
    ...listed('had what the model does not know:', extra, most),
    ...listed('had other shapes or types:', misshapen, most),
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

function listed(what: string, names: readonly string[], most: number): string[] {
  if (names.length === 0) return [];
  const more = names.length - most;
  const rest = more > 0 ? ` and ${more} more` : '';
  return [`${what} ${names.slice(0, most).join(', ')}${rest}`];
}
