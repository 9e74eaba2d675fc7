import { described } from './described.ts';

/** @throws TypeError naming the option unless it is true or false. */
export function checkFlag(name: string, value: boolean): void {
  if (typeof value !== 'boolean') {
    throw new TypeError(`${name} was ${described(value)}; it must be true or false`);
  }
}
