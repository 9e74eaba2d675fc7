import { afterEach, describe, expect, it, vi } from 'vitest';
import { formatCount, formatFlops, formatNats, formatShare } from '../../src/report/format.ts';
import { type ReportData, renderReport } from '../../src/report/index.ts';
import { reportFixture, timingFixture } from './report-fixture.ts';

const page = await renderReport(reportFixture(), timingFixture());
const plainText = (markup: string) => markup.replace(/<[^>]*>/g, '').replace(/\s+/g, ' ');

function embedded(report: string): ReportData {
  const [, json = ''] =
    /<script type="application\/json" id="report-data">(.*?)<\/script>/s.exec(report) ?? [];
  return JSON.parse(json);
}

function resolve(data: unknown, pointer: string): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce((at, key) => (at as Record<string, unknown>)[key], data);
}

/** How the page writes the number that a pointer names: one form for each kind of number. */
function expectedText(pointer: string, value: unknown): string {
  if (/(ErrorRate|errorRate|devError)$/.test(pointer)) return formatShare(value as number);
  if (/[fF]lops/.test(pointer)) return formatFlops(value as string);
  if (pointer.endsWith('crossEntropy')) return formatNats(value as number | null);
  if (pointer.endsWith('learningRate')) return String(value);
  return formatCount(value as number);
}

describe('renderReport', () => {
  afterEach(() => vi.restoreAllMocks());

  it('shows the numbers of the data it embeds', () => {
    const data = reportFixture();
    expect(embedded(page)).toEqual(data);
    const shown = [...page.matchAll(/<data value="([^"]*)" data-from="([^"]*)">([^<]*)<\/data>/g)];
    for (const [, value, pointer = '', text] of shown) {
      const own = resolve(data, pointer);
      expect(own, pointer).toBeDefined();
      expect(value, pointer).toBe(String(own));
      expect(text, pointer).toBe(expectedText(pointer, own));
    }
    const pointers = new Set(shown.map(([, , pointer]) => pointer));
    const results = data.learners.flatMap(({ tasks }, learner) =>
      tasks.flatMap(({ trials }, task) =>
        [
          ...['errorRate', 'crossEntropy', 'top5ErrorRate', 'cumulativeFlops'],
          ...['cumulativeTrainFlops', 'flops/train', 'flops/validation', 'flops/prediction'],
          ...trials.map((_, trial) => `trials/${trial}/devError`),
        ].map((field) => `/learners/${learner}/tasks/${task}/${field}`),
      ),
    );
    expect(results.filter((pointer) => !pointers.has(pointer))).toEqual([]);
    expect(data.learners.every((_, at) => pointers.has(`/learners/${at}/averageErrorRate`))).toBe(
      true,
    );
  });

  it('shows what a task cost as the sum of its parts', () => {
    const { learners } = reportFixture();
    for (const { flops } of learners.flatMap(({ tasks }) => tasks)) {
      const total = BigInt(flops.train) + BigInt(flops.validation) + BigInt(flops.prediction);
      expect(page).toContain(`<data value="${total}">${formatFlops(`${total}`)}</data>`);
    }
  });

  it('says in a sentence who erred least, and on how much the majority class errs', () => {
    const [, lead = ''] = /<p class="lead">(.*?)<\/p>/s.exec(page) ?? [];
    // By hand: (98/671 + .0385 + .0265 + .1575 + .2105)/5, (98/671 + .0415 + .044 + .1705 + .2775)/5,
    // (117/671 + .0905 + .0905 + .179 + .6175)/5 and (511/671 + .8875 + .8875 + .8995 + .887)/5.
    expect(plainText(lead)).toBe(
      'Over 5 tasks from 1998 to 2019, Fine-tuning from previous has the lowest average error, 11.58%, ' +
        'against 13.59% for Independent and 23.04% for Logistic regression on pixels. ' +
        'Naming the most frequent class every time would err on 86.46%.',
    );
  });

  it('names learners that share the lowest error, and tasks that are still to come', async () => {
    const { learners } = reportFixture();
    const same = learners.map((learner, at) => ({
      ...learner,
      averageErrorRate: at < 2 ? 0.25 : 0.5,
      tasks: learner.tasks.slice(0, at === 2 ? 1 : 2),
    }));
    const text = plainText(await renderReport(reportFixture({ learners: same })));
    expect(text).toContain(
      'Over 2 tasks from 1998 to 2004, Independent and Fine-tuning from previous share the lowest average error, 25.00%.',
    );
    expect(text).toContain('The run is not finished: 2 of 5 tasks so far.');
    expect(text).toContain('Not as far yet: Logistic regression on pixels.');
    expect(text).toContain('Not learned yet.');
  });

  it('shows each task, the settings, the machine and what is missing', () => {
    const text = plainText(page);
    for (const { name, year } of reportFixture().stream.tasks)
      expect(text).toContain(`${year} ${name}`);
    expect(text).toContain('1 task of nevis-open left out');
    expect(text).toContain('Semeion (2018): npx nevis get semeion');
    expect(text).toContain('search.learningRates0.0003, 0.001, 0.003');
    expect(text).toContain('CPU, 2 threads, SIMD');
    expect(text).toContain('7.8 GiB');
    expect(text).toContain('+ 0.61 s predicting');
  });

  it('has no wall time and no machine without a timing', async () => {
    const text = plainText(await renderReport(reportFixture()));
    expect(text).not.toContain('predicting');
    expect(text).not.toContain('processor');
  });

  it('is the same page every time', async () => {
    expect(await renderReport(reportFixture(), timingFixture())).toBe(page);
  });

  it('asks for nothing from anywhere and has no id twice', () => {
    expect(page).not.toMatch(/(?:src|href|url\()\s*=?\s*["'(]?\s*(?:https?:)?\/\//);
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(10);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('draws in silence whatever there is to draw', async () => {
    const warn = vi.spyOn(console, 'warn');
    const error = vi.spyOn(console, 'error');
    const { learners, stream } = reportFixture();
    const [first] = learners;
    const [result] = first?.tasks ?? [];
    if (first === undefined || result === undefined) throw new Error('the fixture is empty');
    const cases: Partial<ReportData>[] = [
      { learners: [], examples: [] },
      { stream: { ...stream, tasks: [], missing: [] }, learners: [], examples: [] },
      { learners: learners.map((learner) => ({ ...learner, tasks: [], averageErrorRate: null })) },
      {
        learners: [
          {
            ...first,
            averageErrorRate: 1,
            tasks: [
              {
                ...result,
                ...{
                  errorRate: 1,
                  crossEntropy: null,
                  top5ErrorRate: null,
                  trials: [],
                  chosen: null,
                },
                ...{ cumulativeFlops: '0', cumulativeTrainFlops: '0' },
                flops: { train: '0', validation: '0', prediction: '0' },
              },
            ],
          },
        ],
      },
      { learners: [{ ...first, tasks: [{ ...result, errorRate: 0 }], averageErrorRate: 0 }] },
    ];
    for (const changes of cases) {
      const report = await renderReport(reportFixture(changes), timingFixture());
      expect(report).not.toMatch(/NaN|undefined|Infinity|\[object/);
    }
    expect(warn).not.toHaveBeenCalled();
    expect(error).not.toHaveBeenCalled();
  });

  it('takes no text of a run for markup', async () => {
    const evil = `</script><script>alert(1)</script><img src=x onerror="alert('2')">`;
    const { learners, stream, examples, settings, backend } = reportFixture();
    const report = await renderReport(
      reportFixture({
        title: evil,
        settings: { ...settings, preset: evil, [evil]: evil },
        backend: { ...backend, device: evil },
        stream: {
          name: evil,
          tasks: stream.tasks.map((task) => ({
            ...task,
            ...{ name: evil, domain: evil, classNames: task.classNames.map(() => evil) },
          })),
          missing: [{ year: 2000, name: evil, fix: evil }],
        },
        learners: learners.map((learner, at) => ({
          ...learner,
          ...{ name: `${evil}${at}`, title: evil, settings: { [evil]: evil } },
        })),
        examples,
      }),
    );
    expect(report.match(/<script/g)).toHaveLength(1);
    expect(report.match(/<\/script/g)).toHaveLength(1);
    expect(report).not.toContain('<img src=x');
    expect(embedded(report).title).toBe(evil);
  });
});
