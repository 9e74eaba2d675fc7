import { described, NeverendError } from '@neverend/backend';

export type Json = Readonly<Record<string, unknown>>;

/** @throws NeverendError of the code NEVEREND_VIT_CONFIG naming what was wrong. */
export function refuse(name: string, value: unknown, wanted: string): never {
  const was = value === undefined ? 'not there' : described(value);
  throw new NeverendError('NEVEREND_VIT_CONFIG', `${name} was ${was}; it must be ${wanted}`);
}

export function objectOf(name: string, value: unknown): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  return refuse(name, value, 'an object');
}

/** A number of a file, or what its package has where the file says nothing. */
export function numberOf(name: string, value: unknown, byDefault?: number): number {
  const number = value ?? byDefault;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  return refuse(name, value, 'a number');
}

export function booleanOf(name: string, value: unknown): boolean {
  return typeof value === 'boolean' ? value : refuse(name, value, 'true or false');
}

/** Two sides, which files write as one where they are equal. */
export function sidesOf(name: string, value: unknown): readonly [number, number] {
  const sides = Array.isArray(value) ? value : [value, value];
  if (sides.length === 2 && sides.every((side) => Number.isInteger(side) && side > 0)) {
    return [sides[0], sides[1]];
  }
  return refuse(name, value, 'a positive integer or two');
}

/** The side of a square, which files also write as two. */
export const sideOf = (value: unknown): unknown =>
  Array.isArray(value) && value.length === 2 && value[0] === value[1] ? value[0] : value;

/** A word of a file, and what it means here. */
export function meaningOf<T>(name: string, value: unknown, words: Readonly<Record<string, T>>): T {
  if (typeof value === 'string' && Object.hasOwn(words, value)) return words[value] as T;
  const choice = Object.keys(words).map((word) => JSON.stringify(word));
  return refuse(name, value, choice.join(' or '));
}
