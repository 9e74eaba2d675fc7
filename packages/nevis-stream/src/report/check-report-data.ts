import { described } from '@neverend/backend';
import * as z from 'zod/mini';
import type { ReportData, Timing } from './report-data.ts';

const text = z.string('a text');
const flag = z.boolean('true or false');
const number = z.number('a finite number');
const integer = z.int('an integer');
const count = z.int('an integer of 0 or more').check(z.nonnegative('an integer of 0 or more'));
const share = z
  .number('a number from 0 to 1')
  .check(z.gte(0, 'a number from 0 to 1'), z.lte(1, 'a number from 0 to 1'));
const flops = z
  .string('a whole number in digits')
  .check(z.regex(/^\d+$/, 'a whole number in digits'));
const listOf = <S extends z.ZodMiniType>(item: S) => z.array(item, 'a list');
const pair = z.tuple([text, text], 'a list of 2');

/** Every field has a schema of its type, or the compiler refuses it. */
const object = <T>(fields: { readonly [Name in keyof T]-?: z.ZodMiniType<T[Name]> }) =>
  z.object(fields, 'an object') as unknown as z.ZodMiniType<T>;

type Of<List> = List extends readonly (infer Item)[] ? Item : never;
type Learner = Of<ReportData['learners']>;
type Task = Of<ReportData['stream']['tasks']>;
type Result = Of<Learner['tasks']>;
type Examples = Of<ReportData['examples']>;

const task = object<Task>({
  ...{ position: count, year: integer, name: text, domain: text, numClasses: count },
  ...{ classNames: listOf(text), trainSize: count, devSize: count, evalSize: count },
  whole: object<Task['whole']>({ train: count, dev: count, eval: count }),
  ...{
    evalSplit: z.custom<Task['evalSplit']>((split) => typeof split === 'string', 'a text'),
    majorityErrorRate: share,
  },
});
const result = object<Result>({
  ...{ position: count, errorRate: share, crossEntropy: z.nullable(number) },
  ...{ top5ErrorRate: z.nullable(share), nonFinite: z.optional(count) },
  flops: object<Result['flops']>({ train: flops, validation: flops, prediction: flops }),
  ...{ cumulativeFlops: flops, cumulativeTrainFlops: flops },
  trials: listOf(
    object<Of<Result['trials']>>({
      ...{ learningRate: number, devError: number, bestStep: number, steps: number },
    }),
  ),
  ...{ chosen: z.nullable(integer), startedFrom: z.nullable(integer) },
});
const reportData = object<ReportData>({
  ...{ schema: z.literal(2, '2'), title: text, command: z.nullable(text) },
  settings: object<Pick<ReportData['settings'], 'preset' | 'seed'>>({
    preset: text,
    seed: integer,
  }),
  backend: object<ReportData['backend']>({ name: text, version: text, device: text }),
  stream: object<ReportData['stream']>({
    name: text,
    benchmark: z.nullable(
      object<NonNullable<ReportData['stream']['benchmark']>>({ name: text, positions: count }),
    ),
    tasks: listOf(task),
    missing: listOf(
      object<Of<ReportData['stream']['missing']>>({ year: integer, name: text, fix: text }),
    ),
    labels: z.optional(z.enum(['true', 'shuffled'], '"true" or "shuffled"')),
  }),
  learners: listOf(
    object<Learner>({
      ...{ name: text, title: text, settings: z.any(), parameters: count },
      ...{ tasks: listOf(result), averageErrorRate: z.nullable(share) },
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
      ...{ position: count, shape: z.tuple([count, count, count], 'a list of 3') },
      items: listOf(
        object<Of<Examples['items']>>({
          ...{
            index: count,
            label: count,
            pixels: text,
            predictions: z.record(z.string(), z.nullable(count), 'an object'),
          },
        }),
      ),
    }),
  ),
});

/** @throws TypeError naming the first value of a report's data that is not what it must be. */
export function checkReportData(data: ReportData): void {
  check('data', reportData, data);
}

/** A machine that times were taken on. */
const host = object<Of<Timing['hosts']>>({
  ...{ platform: text, cpu: text, cores: count, memoryBytes: count, node: text },
});

const timingData = object<Timing>({
  hosts: listOf(host),
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
  check('timing', timingData, timing);
}

/** @throws TypeError naming the first value of a machine that is not what it must be. */
export function checkHost(given: unknown): void {
  check('host', host, given);
}

function check(name: string, schema: z.ZodMiniType, value: unknown): void {
  const [issue] = schema.safeParse(value).error?.issues ?? [];
  if (issue === undefined) return;
  const path = issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
  const met = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown>)[key],
    value,
  );
  throw new TypeError(`${name}${path.join('')} was ${described(met)}; it must be ${issue.message}`);
}
