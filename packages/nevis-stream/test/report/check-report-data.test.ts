import { describe, expect, it } from 'vitest';
import { checkReportData, checkTiming } from '../../src/report/check-report-data.ts';
import { type ReportData, renderReport } from '../../src/report/index.ts';
import { reportFixture, timingFixture } from './report-fixture.ts';

/** A wrong value for each kind of right one. */
const wrong = (value: unknown): readonly unknown[] => {
  const none = [undefined, {}, Number.NaN];
  if (typeof value === 'number') return [...none, String(value), null];
  if (typeof value === 'string') return [...none, 5, null];
  if (typeof value === 'boolean') return [...none, 'true', 1];
  return value === null ? none : [...none.slice(0, 1), 5, null, 'x'];
};

/** Every value of some JSON, with its path. */
function* leaves(
  value: unknown,
  path: readonly (string | number)[] = [],
): Generator<[typeof path, unknown]> {
  if (path.length > 0) yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
  // One of each list stands for all, and the last of them, too.
  const last = Array.isArray(value) ? value.length - 1 : undefined;
  for (const [key, inner] of entries) {
    if (last !== undefined && key !== 0 && key !== last) continue;
    yield* leaves(inner, [...path, key]);
  }
}

const textOf = (path: readonly (string | number)[], root: string) =>
  path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}.${key}`),
    root,
  );

function changed(data: object, path: readonly (string | number)[], value: unknown): object {
  const copy = JSON.parse(JSON.stringify(data));
  const holder = path
    .slice(0, -1)
    .reduce((at, key) => (at as Record<string | number, object>)[key] ?? {}, copy);
  Object.assign(holder, { [path.at(-1) ?? '']: value });
  return copy;
}

/** What people put in of their own. */
const free = /^data\.(settings\.(?!preset|seed)|learners\[\d+\]\.settings)/;

it('every value of the data of a report that is another one is named by its path', () => {
  const data = reportFixture();
  const comparisons = { ...data.comparisons };
  const whole = { ...data, comparisons };
  expect(() => checkReportData(whole)).not.toThrow();
  const taken: string[] = [];
  for (const [path, value] of leaves(whole)) {
    const text = textOf(path, 'data');
    if (free.test(text)) continue;
    for (const other of wrong(value)) {
      // These may be null.
      if (
        other === null &&
        /(crossEntropy|top5ErrorRate|chosen|command|benchmark|averageErrorRate|predictions\.[\w-]+)$/.test(
          text,
        )
      )
        continue;
      if (other === undefined && /predictions\.[\w-]+$/.test(text)) continue;
      try {
        checkReportData(changed(whole, path, other) as ReportData);
        taken.push(`${text} as ${String(other)}`);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        // An object without its fields is named by the first of them.
        expect((error as Error).message.slice(0, text.length)).toBe(text);
      }
    }
  }
  // A place that may be null and is, with something else in it.
  expect(taken.filter((one) => !/startedFrom/.test(one))).toEqual([]);
});

it('so is every value of wall times', () => {
  const timing = timingFixture();
  expect(() => checkTiming(timing)).not.toThrow();
  for (const [path, value] of leaves(timing)) {
    for (const other of wrong(value)) {
      expect(() => checkTiming(changed(timing, path, other) as typeof timing)).toThrow(
        textOf(path, 'timing'),
      );
    }
  }
});

describe('renderReport says in one sentence what is wrong with', () => {
  const data = reportFixture();
  const [first] = data.learners;
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'data was undefined; it must be an object'],
    ['an empty object', {}, 'data.schema was undefined; it must be 2'],
    ['another version', { ...data, schema: 1 }, 'data.schema was 1; it must be 2'],
    [
      'learners that are none',
      { ...data, learners: null },
      'data.learners was null; it must be a list',
    ],
    [
      'an error rate of words',
      changed(data, ['learners', 0, 'tasks', 1, 'errorRate'], 'x'),
      'data.learners[0].tasks[1].errorRate was "x"; it must be a number from 0 to 1',
    ],
    [
      'an error rate beyond all',
      changed(data, ['learners', 0, 'tasks', 1, 'errorRate'], 7),
      'data.learners[0].tasks[1].errorRate was 7; it must be a number from 0 to 1',
    ],
    [
      'operations that are a number',
      {
        ...data,
        learners: [{ ...first, tasks: [{ ...first?.tasks[0], cumulativeFlops: '1e3' }] }],
      },
      'data.learners[0].tasks[0].cumulativeFlops was "1e3"; it must be a whole number in digits',
    ],
    [
      'unfinite logits that are not counted',
      changed(data, ['learners', 0, 'tasks', 0, 'nonFinite'], 'all'),
      'data.learners[0].tasks[0].nonFinite was "all"; it must be an integer of 0 or more',
    ],
  ])('%s', async (_title, given, message) => {
    await expect(renderReport(given as ReportData)).rejects.toThrow(new TypeError(message));
  });

  it('wall times', async () => {
    const timing = { ...timingFixture(), hosts: [{}] };
    await expect(renderReport(data, timing as never)).rejects.toThrow(
      new TypeError('timing.hosts[0].platform was undefined; it must be a text'),
    );
  });
});
