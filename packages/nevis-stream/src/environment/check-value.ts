import { described } from '@neverend/backend';
import { RunError } from '@neverend/checkpoint/node';
import { jsonFault } from './json-fault.ts';

/** @throws RunError that says what `name` was and what it must be, unless `fits`. */
export function checkValue(name: string, value: unknown, fits: boolean, must: string): void {
  if (!fits) throw new RunError(`${name} was ${described(value)}; it must be ${must}`);
}

/** @throws RunError naming the part of a value that is no JSON. */
export function checkJson(name: string, value: unknown): void {
  const fault = jsonFault(name, value);
  if (fault !== undefined) throw new RunError(`${fault}; it must be JSON`);
}
