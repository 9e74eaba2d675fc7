import { described } from './described.ts';
import { ShapeError } from './errors.ts';

/** @param wanted what it must have, for the message. @throws TypeError naming it unless it is a list. @throws ShapeError where it is empty. */
export function checkList(name: string, list: readonly unknown[], wanted: string): void {
  if (!Array.isArray(list)) {
    throw new TypeError(`${name} was ${described(list)}; it must be a list of ${wanted}`);
  }
  if (list.length === 0) throw new ShapeError(`${name} was empty; it must have ${wanted}`);
}
