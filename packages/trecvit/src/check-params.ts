import { DTypeError, ShapeError } from '@neverend/backend';
import type { TRecViTConfig } from './config.ts';
import { paramShapes } from './param-shapes.ts';

/** What of a parameter is known before its numbers are read. */
export interface ParamInfo {
  readonly shape: readonly number[];
  readonly dtype: string;
}

/** How many names a message has of each kind. */
const MOST = 12;

/**
 * Holds parameters against a configuration.
 *
 * @param owner what they are called, for the message.
 * @throws ShapeError naming all that is missing, too many or of another shape at once. @throws DTypeError for what is not float32.
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
    const found = params[name]?.shape;
    if (found === undefined || found.join() === shape.join()) return [];
    return [`${name} [${found.join(', ')}], which must be [${shape.join(', ')}]`];
  });
  const faults = listedFaults({ missing, extra, misshapen });
  if (faults !== undefined) throw new ShapeError(`${owner} ${faults}`);
  for (const [name, { dtype }] of Object.entries(params)) {
    if (dtype !== 'float32') {
      throw new DTypeError(`${owner} had ${name} of ${dtype}; it must be float32`);
    }
  }
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
    ...listed('had other shapes:', faults.misshapen),
  ];
  return phrases.length === 0 ? undefined : phrases.join('; it ');
}

function listed(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length > MOST ? `, and ${names.length - MOST} more` : '';
  return [`${what} ${names.slice(0, MOST).join(', ')}${more}`];
}
