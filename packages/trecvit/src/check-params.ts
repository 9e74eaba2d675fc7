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
  const phrases = [
    ...listed('lacked', faults.missing),
    ...listed('had what the model does not know:', faults.extra),
    ...listed('had other shapes or types:', faults.misshapen),
  ];
  return phrases.length === 0 ? undefined : phrases.join('; it ');
}

function listed(what: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${what} ${names.join(', ')}`];
}
