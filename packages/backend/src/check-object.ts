import { described } from './described.ts';

/** @param wanted what it must have, for the message. @throws TypeError naming it unless it is an object. */
export function checkObject(name: string, value: unknown, wanted: string): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw new TypeError(`${name} was ${described(value)}; it must be an object ${wanted}`);
}
