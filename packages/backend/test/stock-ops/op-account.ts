import { readFileSync } from 'node:fs';
import type { BackendName } from '../../src/backend-name.ts';
import type { Judgement } from './judge-case.ts';
import type { OpSweepCase } from './op-sweep-case.ts';

/** The parts of a case that are judged on their own. */
export const parts = ['value', 'gradient', 'second'] as const;
export type Part = (typeof parts)[number];

/**
 * How operations fail on backends: `{ "op: case": { "value on wasm": "0 instead of 1" } }`. What is not there is right.
 */
export type Failures = Record<string, Record<string, string>>;

/** What `make-op-account.ts` found: of stock TensorFlow.js, and with the mends of this package. */
export interface OpAccount {
  readonly stock: Failures;
  readonly mended: Failures;
}

const url = new URL('../golden/stock-ops/account.json', import.meta.url);

export const readAccount = (): OpAccount => JSON.parse(readFileSync(url, 'utf8')) as OpAccount;

export const titleOf = ({ op, name }: OpSweepCase): string => `${op}: ${name}`;

/** The parts of a judgement that are not right, by `part on backend`. */
export const failuresOf = (
  judgement: Judgement,
  backend: BackendName,
): [place: string, how: string][] =>
  parts.flatMap((part): [string, string][] => {
    const how = judgement[part];
    return how === undefined || how === 'right' ? [] : [[`${part} on ${backend}`, how]];
  });
