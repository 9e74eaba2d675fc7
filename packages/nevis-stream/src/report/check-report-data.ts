import { described } from '@neverend/backend';
import type { ReportData, Timing } from './report-data.ts';

/** @throws TypeError naming the value at a path that is not what it must be. */
type Check = (value: unknown, path: string) => void;

const is =
  (must: string, fits: (value: unknown) => boolean): Check =>
  (value, path) => {
    if (!fits(value)) throw new TypeError(`${path} was ${described(value)}; it must be ${must}`);
  };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const anything: Check = () => undefined;
const text = is('a text', (value) => typeof value === 'string');
const flag = is('true or false', (value) => typeof value === 'boolean');
const number = is('a finite number', Number.isFinite);
const integer = is('an integer', Number.isSafeInteger);
const count = is(
  'an integer of 0 or more',
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
);
const share = is(
  'a number from 0 to 1',
  (value) => Number.isFinite(value) && Number(value) >= 0 && Number(value) <= 1,
);
const flops = is(
  'a whole number in digits',
  (value) => typeof value === 'string' && /^\d+$/.test(value),
);
const oneOf = (...values: readonly unknown[]): Check =>
  is(values.map((value) => JSON.stringify(value) ?? 'absent').join(' or '), (value) =>
    values.includes(value),
  );
const orNull =
  (check: Check): Check =>
  (value, path) => {
    if (value !== null) check(value, path);
  };
const optional =
  (check: Check): Check =>
  (value, path) => {
    if (value !== undefined) check(value, path);
  };
const listOf =
  (check: Check, length?: number): Check =>
  (value, path) => {
    const isList = Array.isArray(value) && (length === undefined || value.length === length);
    is(length === undefined ? 'a list' : `a list of ${length}`, () => isList)(value, path);
    for (const [at, item] of (value as unknown[]).entries()) check(item, `${path}[${at}]`);
  };
const recordOf =
  (check: Check): Check =>
  (value, path) => {
    is('an object', isObject)(value, path);
    for (const [name, item] of Object.entries(value as object)) check(item, `${path}.${name}`);
  };
/** Every field has a check, or the compiler refuses the table. */
const object =
  <T>(checks: { readonly [Name in keyof T]-?: Check }): Check =>
  (value, path) => {
    is('an object', isObject)(value, path);
    for (const [name, check] of Object.entries<Check>(checks)) {
      check((value as Record<string, unknown>)[name], `${path}.${name}`);
    }
  };

type Of<List> = List extends readonly (infer Item)[] ? Item : never;
type Learner = Of<ReportData['learners']>;
type Task = Of<ReportData['stream']['tasks']>;
type Result = Of<Learner['tasks']>;
type Examples = Of<ReportData['examples']>;

const task = object<Task>({
  ...{ position: count, year: integer, name: text, domain: text, numClasses: count },
  ...{ classNames: listOf(text), trainSize: count, devSize: count, evalSize: count },
  whole: object<Task['whole']>({ train: count, dev: count, eval: count }),
  ...{ evalSplit: text, majorityErrorRate: share },
});
const result = object<Result>({
  ...{ position: count, errorRate: share, crossEntropy: orNull(number) },
  ...{ top5ErrorRate: orNull(share), nonFinite: optional(count) },
  flops: object<Result['flops']>({ train: flops, validation: flops, prediction: flops }),
  ...{ cumulativeFlops: flops, cumulativeTrainFlops: flops },
  trials: listOf(
    object<Of<Result['trials']>>({
      ...{ learningRate: number, devError: number, bestStep: number, steps: number },
    }),
  ),
  ...{ chosen: orNull(integer), startedFrom: orNull(integer) },
});
const pair = listOf(text, 2);

const reportData = object<ReportData>({
  ...{ schema: oneOf(2), title: text, command: orNull(text) },
  settings: object<Pick<ReportData['settings'], 'preset' | 'seed'>>({
    preset: text,
    seed: integer,
  }),
  backend: object<ReportData['backend']>({ name: text, version: text, device: text }),
  stream: object<ReportData['stream']>({
    name: text,
    benchmark: orNull(
      object<NonNullable<ReportData['stream']['benchmark']>>({ name: text, positions: count }),
    ),
    tasks: listOf(task),
    missing: listOf(
      object<Of<ReportData['stream']['missing']>>({ year: integer, name: text, fix: text }),
    ),
    labels: oneOf('true', 'shuffled', undefined),
  }),
  learners: listOf(
    object<Learner>({
      ...{ name: text, title: text, settings: anything, parameters: count },
      ...{ tasks: listOf(result), averageErrorRate: orNull(share) },
    }),
  ),
  comparisons: object<ReportData['comparisons']>({
    level: share,
    average: listOf(
      object<Of<ReportData['comparisons']['average']>>({
        ...{ learners: pair, difference: number, low: number, high: number, shown: flag },
      }),
    ),
    tasks: listOf(
      object<Of<ReportData['comparisons']['tasks']>>({
        ...{ position: count, learners: pair, onlyFirst: count, onlySecond: count },
        ...{ pValue: share, shown: flag },
      }),
    ),
  }),
  examples: listOf(
    object<Examples>({
      ...{ position: count, shape: listOf(count, 3) },
      items: listOf(
        object<Of<Examples['items']>>({
          ...{ index: count, label: count, pixels: text, predictions: recordOf(orNull(count)) },
        }),
      ),
    }),
  ),
});

/** @throws TypeError naming the first value of a report's data that is not what it must be. */
export function checkReportData(data: ReportData): void {
  reportData(data, 'data');
}

/** A machine that times were taken on. */
export const checkHost: Check = object<Of<Timing['hosts']>>({
  ...{ platform: text, cpu: text, cores: count, memoryBytes: count, node: text },
});

const timingData = object<Timing>({
  hosts: listOf(checkHost),
  learners: listOf(
    object<Of<Timing['learners']>>({
      name: text,
      tasks: listOf(
        object<Of<Of<Timing['learners']>['tasks']>>({
          ...{ position: count, trainSeconds: number, predictSeconds: number },
        }),
      ),
    }),
  ),
});

/** @throws TypeError naming the first value of a run's wall times that is not what it must be. */
export function checkTiming(timing: Timing): void {
  timingData(timing, 'timing');
}
