import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  formatCount,
  formatFlops,
  formatNats,
  formatPValue,
  formatShare,
} from '../../src/report/format.ts';
import { type ReportData, type ReportStream, renderReport } from '../../src/report/index.ts';
import { scopeText, verdictText } from '../../src/report/scope.ts';
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
  if (pointer.endsWith('pValue')) return formatPValue(value as number);
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
      expect(text?.replace('&lt;', '<'), pointer).toBe(expectedText(pointer, own));
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
      'Over 5 tasks from 1998 to 2019, with this seed: Fine-tuning from previous errs least on average. ' +
        'Average error 11.58% for Fine-tuning from previous, 13.59% for Independent (2.01 points more, 95% interval 1.01 to 3.01) ' +
        'and 23.04% for Logistic regression on pixels (11.46 points more, 95% interval 10.46 to 12.46). ' +
        'Intervals are over the images, by a paired bootstrap, for all pairs together; another seed may order the learners otherwise. ' +
        'Naming the most frequent class every time would err on 86.46%.',
    );
  });

  it('names nobody as the best where no test shows the difference', async () => {
    const { comparisons } = reportFixture();
    const [first, ...others] = comparisons.average;
    if (first === undefined) throw new Error('the fixture compares nobody');
    const open = { ...first, low: -0.001, shown: false };
    const data = reportFixture({ comparisons: { ...comparisons, average: [open, ...others] } });
    const report = await renderReport(data);
    const text = plainText(report);
    expect(text).toContain(
      'with this seed: no difference shown between Fine-tuning from previous and Independent. Average error 11.58% for',
    );
    expect(text).toContain('13.59% for Independent (2.01 points more, 95% interval −0.10 to 3.01)');
    expect(text).not.toContain('errs least');
    const cards = [...report.matchAll(/<li class="card">.*?<\/li>/gs)].map(([card]) => card);
    expect(cards.map((card) => /class="tag[^>]*>([^<]*)/.exec(card)?.[1])).toEqual([
      'no difference shown',
      'no difference shown',
      undefined,
    ]);
    // With tests for all of them, one is.
    const sure = [...page.matchAll(/class="tag[^>]*>([^<]*)/g)].map(([, tag]) => tag);
    expect(sure).toEqual(['lowest']);
  });

  it('tells learners of the same title apart by their names', async () => {
    const { learners } = reportFixture();
    const same = learners.map((learner) => ({ ...learner, title: 'Same' }));
    const text = plainText(await renderReport(reportFixture({ learners: same })));
    for (const { name } of learners) expect(text).toContain(`for Same (${name})`);
  });

  it('names no lowest error of a task but one that its tests show', () => {
    const { learners, comparisons, stream } = reportFixture();
    for (const { position, name, year } of stream.tasks) {
      const errors = learners.map(({ tasks }) => tasks[position]?.errorRate ?? 1);
      const least = errors.indexOf(Math.min(...errors));
      const best = learners[least]?.name ?? '';
      const tests = comparisons.tasks.filter(
        (test) => test.position === position && test.learners.includes(best),
      );
      const [, table = ''] =
        new RegExp(
          `<caption class="hidden">Results on ${name} \\(${year}\\)</caption>(.*?)</table>`,
          's',
        ).exec(page) ?? [];
      expect(table.includes('lowest: '), `${name} ${year}`).toBe(tests.every(({ shown }) => shown));
      expect(table.split('no difference shown').length - 1).toBe(
        tests.filter(({ shown }) => !shown).length,
      );
    }
  });

  it('says before anything else what its numbers are of', async () => {
    const head = (report: string) =>
      plainText(/<p class="scope">(.*?)<\/p>/s.exec(report)?.[1] ?? '');
    expect(page.indexOf('class="scope"')).toBeGreaterThan(0);
    expect(page.indexOf('class="scope"')).toBeLessThan(page.indexOf('class="lead"'));
    expect(head(page)).toBe(
      'These are 5 of 106 positions of NEVIS&#39;22, 4 of them on prefixes of their data (on MNIST, 8,000 of 42,000 images to train on), ' +
        'measured on dev_test, with one seed (1). They are no results of the whole benchmark.',
    );
    const { stream, settings } = reportFixture();
    const whole = stream.tasks.slice(0, 2).map((task) => ({
      ...task,
      ...{ evalSplit: 'test' as const },
      whole: { train: task.trainSize, dev: task.devSize, eval: task.evalSize },
    }));
    const own = { ...stream, name: 'mine', benchmark: null, tasks: whole };
    const data = reportFixture({ stream: own, settings: { ...settings, seed: -1 }, learners: [] });
    expect(head(await renderReport(data))).toBe(
      'These are 2 positions of the stream mine, not of a benchmark, with all of their data, measured on test, with one seed (-1).',
    );
  });

  it('says so of one position, of one that is cut, and of all of a benchmark', () => {
    const { stream, settings } = reportFixture();
    const [task] = stream.tasks;
    if (task === undefined) throw new Error('the fixture is empty');
    const whole = { train: task.trainSize, dev: task.devSize, eval: task.evalSize };
    const of = (change: Partial<ReportStream>) =>
      scopeText(reportFixture({ stream: { ...stream, ...change }, settings }));
    const end = 'measured on dev_test, with one seed (1).';
    expect(of({ name: 'mine', benchmark: null, tasks: [{ ...task, whole }] })).toBe(
      `This is 1 position of the stream mine, not of a benchmark, with all of its data, ${end}`,
    );
    const cut = { ...task, name: 'T', whole: { ...whole, train: 2 * task.trainSize } };
    const some = `(on T, ${formatCount(task.trainSize)} of ${formatCount(2 * task.trainSize)} images to train on)`;
    expect(of({ tasks: [cut] })).toBe(
      `This is 1 of 106 positions of NEVIS'22, on prefixes of its data ${some}, ${end} It is no result of the whole benchmark.`,
    );
    expect(of({ benchmark: { name: 'B', positions: 1 }, tasks: [{ ...task, whole }] })).toBe(
      `This is 1 of 1 position of B, with all of its data, ${end}`,
    );
    expect(of({ benchmark: { name: 'B', positions: 2 }, tasks: [cut, { ...task, whole }] })).toBe(
      `These are 2 of 2 positions of B, 1 of them on a prefix of its data ${some}, ${end}`,
    );
  });

  it('says that the labels are shuffled, where they are', () => {
    const { stream } = reportFixture();
    const told = (change: Partial<ReportStream>) =>
      scopeText(reportFixture({ stream: { ...stream, ...change } })).includes(
        'The labels to learn from are in random order: a control, on which nothing can be learned.',
      );
    expect([told({}), told({ labels: 'true' }), told({ labels: 'shuffled' })]).toEqual([
      ...[false, false, true],
    ]);
  });

  it('lists learners among which no difference is shown as people do', () => {
    const { learners, comparisons } = reportFixture();
    const among = (count: number) => {
      const same = learners.slice(0, count).map((learner, at) => ({
        ...learner,
        ...{ title: 'ABC'[at] ?? '', averageErrorRate: 0.5 },
      }));
      return verdictText(
        reportFixture({ learners: same, comparisons: { ...comparisons, average: [] } }),
      );
    };
    expect([1, 2, 3].map(among)).toEqual([
      '',
      'No difference shown between A and B.',
      'No difference shown between A, B and C.',
    ]);
  });

  it('has the command that makes the run again, or says that a program does', async () => {
    expect(plainText(page)).toContain(
      'Make this run again: nevis run --preset small --seed 1 --backend wasm --out again (in a clone',
    );
    const own = await renderReport(reportFixture({ command: null }));
    expect(own.includes('nevis run')).toBe(false);
    expect(plainText(own)).toContain('A program made this run: the same program makes it again.');
  });

  it('marks a learning rate at the edge of those that were tried, and a best step that is the last', async () => {
    const { learners } = reportFixture();
    const [learner] = learners;
    const [result] = learner?.tasks ?? [];
    if (learner === undefined || result === undefined) throw new Error('the fixture is empty');
    const marks = async (rates: readonly number[], chosen: number, bestStep = 100) => {
      const trials = rates.map((learningRate) => ({
        ...{ learningRate, bestStep, devError: 0.5, steps: 300 },
      }));
      const one = { ...learner, tasks: [{ ...result, trials, chosen }] };
      const report = await renderReport(reportFixture({ learners: [one] }));
      return [...report.matchAll(/class="flag">(.*?)<\/(?:small|dd)>/gs)].map(([, text = '']) =>
        plainText(text),
      );
    };
    expect(await marks([0.1, 0.01, 0.001], 0)).toEqual(['1 of 1 search', 'largest of 3 tried']);
    expect(await marks([0.1, 0.01, 0.001], 1)).toEqual([]);
    expect(await marks([0.1, 0.01, 0.001], 2)).toEqual(['1 of 1 search', 'smallest of 3 tried']);
    expect(await marks([0.1, 0.1], 1)).toEqual([]);
    expect(await marks([0.1], 0)).toEqual([]);
    expect(await marks([0.1], 0, 300)).toEqual(['last of 300']);
  });

  it('says of which five it is the error, and has wall times in a note alone', () => {
    // Not toMatch, which would print a page.
    expect(/top-5 error <data/.test(page)).toBe(true);
    expect(/top-5 <data|Wall time<|data-label="Wall time"/i.test(page)).toBe(false);
    const [, note = ''] = /<p class="note">On the clock:(.*?)<\/p>/s.exec(page) ?? [];
    expect(plainText(note)).toContain('Logistic regression on pixels 6.80 s.');
    expect(note).toContain('not among the results');
  });

  it('names tasks that are still to come', async () => {
    const { learners, comparisons } = reportFixture();
    const same = learners.map((learner, at) => ({
      ...learner,
      averageErrorRate: at < 2 ? 0.25 : 0.5,
      tasks: learner.tasks.slice(0, at === 2 ? 1 : 2),
    }));
    const [first] = comparisons.average;
    const average = first
      ? [{ ...first, difference: 0, low: -0.01, high: 0.01, shown: false }]
      : [];
    const changed = reportFixture({ learners: same, comparisons: { ...comparisons, average } });
    const text = plainText(await renderReport(changed));
    expect(text).toContain(
      'Over 2 tasks from 1998 to 2004, with this seed: no difference shown between Independent and Fine-tuning from previous.',
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
    expect(text).toContain('On the clock: Independent 2 min 2');
  });

  it('has no wall time and no machine without a timing', async () => {
    const text = plainText(await renderReport(reportFixture()));
    expect(text).not.toContain('On the clock');
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
          benchmark: { name: evil, positions: 7 },
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
