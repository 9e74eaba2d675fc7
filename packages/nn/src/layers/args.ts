import { checkedSize, checkFlag, checkNumber, checkOneOf } from '@neverend/backend';
import { checkRate } from '../dropout/index.ts';

/** @throws naming the argument where the value is wrong. */
export type ArgCheck<T> = (name: string, value: T) => void;

/** How a layer takes one of its arguments: whether it must be given, what it is where it is not, and what it may be. */
export interface LayerArg<T, Presence extends 'required' | 'optional' | 'default'> {
  readonly presence: Presence;
  readonly value?: T;
  readonly check: ArgCheck<T>;
}

/** An argument that must be given. */
export function required<T>(check: ArgCheck<T>): LayerArg<NoInfer<T>, 'required'> {
  return { presence: 'required', check };
}

/** An argument that the layer does without where it is left out. */
export function optional<T>(check: ArgCheck<T>): LayerArg<NoInfer<T>, 'optional'> {
  return { presence: 'optional', check };
}

/** An argument that is `value` where it is left out. */
export function byDefault<T>(
  value: NoInfer<T>,
  check: ArgCheck<T>,
): LayerArg<NoInfer<T>, 'default'> {
  return { presence: 'default', value, check };
}

/** A positive integer. @throws ShapeError naming the argument where it is none. */
export function size(name: string, value: number): void {
  checkedSize(name, value);
}

/** A finite number. @throws RangeError naming the argument where it is none. */
export function finite(name: string, value: number): void {
  checkNumber(name, value);
}

/** A finite number from 0 on. @throws RangeError naming the argument where it is none. */
export function notNegative(name: string, value: number): void {
  checkNumber(name, value, 0);
}

/** A share of numbers to drop, 0 where it is left out. */
export const dropoutRate: LayerArg<number, 'default'> = byDefault(0, (name, value: number) =>
  checkRate(value, name),
);

/** True or false. @throws TypeError naming the argument where it is neither. */
export function flag(name: string, value: boolean): void {
  checkFlag(name, value);
}

/** One of some words. @throws RangeError naming the argument where it is another. */
export function oneOf<Word extends string>(...words: readonly Word[]): ArgCheck<Word> {
  return (name, value) => checkOneOf(name, value, words);
}
