import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromiumPath, runsInBrowser } from '@neverend/backend/testing';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatShare } from '../../src/report/format.ts';
import { type ReportData, type ReportTaskResult, renderReport } from '../../src/report/index.ts';
import { reportFixture, timingFixture } from './report-fixture.ts';

/** Many learners and names that nothing can break: what a page must bear on a phone. */
function crowded(long = 'a-name-without-any-place-to-break-it-'.repeat(3)): ReportData {
  const data = reportFixture();
  return {
    ...data,
    title: long,
    stream: {
      ...data.stream,
      tasks: data.stream.tasks.map((task) => ({
        ...task,
        ...{ name: `${task.name}-${long}`, domain: long },
        classNames: task.classNames.map((name) => `${name}${long}`),
      })),
    },
    learners: Array.from({ length: 8 }, (_, at) => data.learners[at % 3]).flatMap((learner, at) =>
      learner === undefined ? [] : [{ ...learner, name: `${at}`, title: `${long}${at}` }],
    ),
    backend: { ...data.backend, version: long, device: long },
    settings: { ...data.settings, preset: long },
    command: long,
  };
}

/** The data with other results of every learner on every task. */
function changedTasks(
  data: ReportData,
  change: (task: ReportTaskResult, at: number, learner: number) => Partial<ReportTaskResult>,
): ReportData {
  const learners = data.learners.map((learner, index) => ({
    ...learner,
    tasks: learner.tasks.map((task, at) => ({ ...task, ...change(task, at, index) })),
  }));
  return { ...data, learners };
}

describe.runIf(runsInBrowser())('the report in a browser', () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nevis-report-'));
    browser = await chromium.launch({
      executablePath: chromiumPath(),
      args: ['--no-sandbox', '--disable-background-networking'],
    });
  });
  afterAll(async () => {
    await browser?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  /** Opens a report and answers everything that the page said or asked for beside itself. */
  async function open(
    data: ReportData,
    width: number,
    colorScheme: 'light' | 'dark' = 'light',
  ): Promise<{ page: Page; messages: string[]; requests: string[] }> {
    const file = join(folder, 'report.html');
    await writeFile(file, await renderReport(data, timingFixture(data)));
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme });
    const messages: string[] = [];
    const requests: string[] = [];
    page.on('console', (message) => messages.push(message.text()));
    page.on('pageerror', (error) => messages.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith('data:')) requests.push(request.url());
    });
    await page.goto(pathToFileURL(file).href);
    return { page, messages, requests };
  }

  it.each([
    [1280, 'light'],
    [1280, 'dark'],
    [768, 'light'],
    [360, 'dark'],
  ] as const)('is whole, silent and alone at %d pixels in the %s theme', async (width, scheme) => {
    const data = reportFixture();
    const { page, messages, requests } = await open(data, width, scheme);
    try {
      const images = page.locator('.examples img');
      expect(await images.count()).toBe(data.examples.flatMap(({ items }) => items).length);
      const decoded = await images.evaluateAll((all) =>
        Promise.all(
          (all as HTMLImageElement[]).map(async (image) => {
            await image.decode();
            return image.naturalWidth > 0 && image.alt !== '' && image.clientWidth === 84;
          }),
        ),
      );
      expect(decoded.every(Boolean)).toBe(true);

      const charts = page.getByRole('img', {
        name: /Error rate per task|Average error against|Error of each task/,
      });
      expect(await charts.count()).toBe(3);
      for (const chart of await charts.all()) {
        const box = await chart.boundingBox();
        expect(box?.width).toBeGreaterThan(Math.min(300, width / 2));
        expect(box?.height).toBeGreaterThan(200);
      }
      const labels = await page.locator('svg.chart:visible text').allTextContents();
      for (const { errorRate } of data.learners.flatMap(({ tasks }) => tasks)) {
        expect(labels).toContain(formatShare(errorRate));
      }

      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      expect(messages).toEqual([]);
      expect(requests).toHaveLength(1);
    } finally {
      await page.close();
    }
  });

  it.each(
    ['a-name-with-places-to-break-it-'.repeat(4), 'W'.repeat(150), '日本'.repeat(70)].flatMap(
      (long) => [1280, 768, 360].map((width) => [long, width] as const),
    ),
  )('bears many learners and names like %s at %d pixels', async (long, width) => {
    const { page, messages } = await open(crowded(long), width);
    try {
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      expect(messages).toEqual([]);
    } finally {
      await page.close();
    }
  });

  it.each([
    [1280, 800],
    [768, 1024],
    [360, 740],
  ])('says what its numbers are of before one has to scroll, at %d x %d', async (width, height) => {
    const { page } = await open(reportFixture(), width);
    try {
      const scope = await page.locator('.scope').boundingBox();
      expect((scope?.y ?? height) + (scope?.height ?? 0)).toBeLessThan(height);
      expect(await page.locator('.scope').textContent()).toMatch(
        /5 of 106 positions.*prefixes.*dev_test.*one seed/,
      );
    } finally {
      await page.close();
    }
  });

  it.each([
    ['as they are', (error: number) => error],
    ['of learners that do as the majority class does', (_: number, majority: number) => majority],
    ['a little below the majority class', (_: number, majority: number) => majority - 0.03],
    ['a little above it', (_: number, majority: number) => Math.min(1, majority + 0.01)],
    ['of learners that are always wrong', () => 1],
    ['of learners that are never wrong', () => 0],
  ])(
    'draws no label over another, over a line or out of a chart, with errors %s',
    async (_title, change) => {
      const data = reportFixture();
      const majority = (at: number) => data.stream.tasks[at]?.majorityErrorRate ?? 1;
      const changed = changedTasks(data, (task, at) => ({
        errorRate: change(task.errorRate, majority(at)),
      }));
      await expectNoOverprints(changed);
      const long = crowded();
      await expectNoOverprints({ ...long, learners: changed.learners.slice(0, 1) });
    },
  );

  it.each(['W', 'm', '@%', 'Ж', '日', '👩‍👩‍👧'])(
    'nor where the names of tasks are all %s',
    async (letter) => {
      const data = reportFixture();
      const tasks = data.stream.tasks.map((task) => ({ ...task, name: letter.repeat(150) }));
      await expectNoOverprints({ ...data, stream: { ...data.stream, tasks } });
    },
  );

  it('shows where the names of tasks differ that have a common start, or end', async () => {
    const data = reportFixture();
    const ends = ['3 of many', '13 of many', '23 of many', '4 of many', '14 of many'];
    const tasks = data.stream.tasks.map((task, at) => ({
      ...task,
      name: `A task with quite a long name number ${ends[at]}`,
    }));
    const { page } = await open({ ...data, stream: { ...data.stream, tasks } }, 1280);
    try {
      const charts = page.locator('svg.chart');
      for (const chart of await charts.all()) {
        const labels = await chart.locator('text').allTextContents();
        const names = labels.filter((label) => label.includes('…'));
        expect(new Set(names).size).toBe(names.length);
        if (names.length === 0) continue;
        expect(names).toHaveLength(5);
        for (const [at, name] of names.entries()) {
          expect(name).toMatch(new RegExp(`\\b${(ends[at] ?? '').split(' ')[0]} of`));
        }
      }
    } finally {
      await page.close();
    }
  });

  it.each<[string, (learner: number, at: number) => number]>([
    ['the same for all', () => 12],
    ['next to nothing', () => 1],
    ['thousands to quintillions', (learner, at) => 3 + 3 * learner + 2 * at],
    ['a little more each time', (learner, at) => 12 + 0.01 * (learner + at)],
  ])('nor where a task costs %s', async (_title, digits) => {
    const changed = changedTasks(reportFixture(), (_task, at, learner) => {
      const flops = String(Math.round(10 ** digits(learner, at)));
      const total = 10 ** digits(learner, at) * (at + 1);
      return {
        flops: { train: flops, validation: '0', prediction: '0' },
        cumulativeFlops: BigInt(Math.round(total)).toString(),
      };
    });
    await expectNoOverprints(changed);
  });

  async function expectNoOverprints(data: ReportData): Promise<void> {
    const { page } = await open(data, 1280);
    try {
      for (const width of [1280, 768, 360]) {
        await page.setViewportSize({ width, height: 800 });
        const overprints = await page.locator('svg.chart').evaluateAll(overprinted);
        expect(overprints, `at ${width} pixels`).toEqual([]);
      }
    } finally {
      await page.close();
    }
  }

  it('draws the marks where the numbers say', async () => {
    const data = reportFixture();
    const { page } = await open(data, 1280);
    try {
      // Marks from left to right must be errors from small to large.
      const labels = await page
        .locator('svg.chart.wide')
        .first()
        .locator('text')
        .evaluateAll((all) =>
          all.map((text) => [text.textContent ?? '', text.getBoundingClientRect().left] as const),
        );
      const errors = data.learners.flatMap(({ tasks }) => tasks.map(({ errorRate }) => errorRate));
      const drawn = errors.map((error) => {
        const found = labels.find(([label]) => label === formatShare(error));
        return { error, left: found?.[1] ?? Number.NaN };
      });
      const [smallest, largest] = [Math.min(...errors), Math.max(...errors)].map((error) =>
        drawn.find((mark) => mark.error === error),
      );
      if (smallest === undefined || largest === undefined) throw new Error('no marks');
      const pixelsPerShare = (largest.left - smallest.left) / (largest.error - smallest.error);
      expect(pixelsPerShare).toBeGreaterThan(100);
      for (const { error, left } of drawn) {
        expect(left).toBeCloseTo(smallest.left + pixelsPerShare * (error - smallest.error), 0);
      }
    } finally {
      await page.close();
    }
  });

  it('tells right from wrong in words, and tables by their headings', async () => {
    const data = reportFixture();
    const { page } = await open(data, 1280);
    try {
      expect(await page.locator('html').getAttribute('lang')).toBe('en');
      expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1);
      const wrong = data.examples
        .flatMap(({ items }) => items)
        .flatMap(({ label, predictions }) =>
          Object.values(predictions).filter((prediction) => prediction !== label),
        );
      expect(await page.locator('.examples').getByText(', wrong:').count()).toBe(wrong.length);
      for (const { name, year } of data.stream.tasks) {
        const table = page.getByRole('table', { name: `Results on ${name} (${year})` });
        expect(await table.getByRole('rowheader').count()).toBe(data.learners.length);
        expect(await table.getByRole('columnheader').count()).toBe(8);
      }
    } finally {
      await page.close();
    }
  });

  it('shows text of a run as text', async () => {
    const evil = '<script>document.title = "taken"</script>';
    const data = reportFixture();
    const tasks = data.stream.tasks.map((task) => ({ ...task, name: evil }));
    const { page, messages } = await open({ ...data, stream: { ...data.stream, tasks } }, 1280);
    try {
      expect(await page.title()).toBe(data.title);
      expect(await page.locator('script').count()).toBe(1);
      expect(await page.locator('.task h3').first().textContent()).toContain(evil);
      expect(messages).toEqual([]);
    } finally {
      await page.close();
    }
  });

  it('has colours that can be read in both themes', async () => {
    for (const scheme of ['light', 'dark'] as const) {
      const { page } = await open(reportFixture(), 1280, scheme);
      try {
        const colors = await page.evaluate(() => {
          const style = getComputedStyle(document.documentElement);
          const names = ['ink', 'muted', 'link', 'right', 'wrong'];
          const marks = [0, 1, 2, 3, 4, 5].map((at) => `learner-${at}`);
          return [...names, ...marks, 'paper', 'surface'].map(
            (name) => [name, style.getPropertyValue(`--${name}`)] as const,
          );
        });
        const background = colors.filter(([name]) => name === 'paper' || name === 'surface');
        for (const [name, color] of colors.slice(0, -2)) {
          // WCAG 2.2: 4.5 for text (1.4.3), 3 for what a graphic needs (1.4.11).
          const least = name.startsWith('learner') ? 3 : 4.5;
          for (const [, under] of background) {
            expect(contrast(color, under), `${scheme} ${name}`).toBeGreaterThanOrEqual(least);
          }
        }
      } finally {
        await page.close();
      }
    }
  });
});

/** What is printed over a label of the charts that are shown: another label, a dashed line, or the edge. Runs in the page. */
function overprinted(charts: readonly Element[]): string[] {
  const found: string[] = [];
  const meet = (a: DOMRect, b: DOMRect) =>
    // Boxes of text have room above and below the letters.
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.5 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
  for (const chart of charts) {
    const edge = chart.getBoundingClientRect();
    if (edge.width === 0) continue;
    const labels = [...chart.querySelectorAll('text')].filter((label) => label.textContent !== '');
    const boxes = labels.map((label) => label.getBoundingClientRect());
    const dashes = [...chart.querySelectorAll('line[stroke-dasharray]')].map((line) =>
      line.getBoundingClientRect(),
    );
    for (const [at, box] of boxes.entries()) {
      const text = labels[at]?.textContent ?? '';
      for (const [other, otherBox] of boxes.entries()) {
        if (other < at && meet(box, otherBox))
          found.push(`${text} over ${labels[other]?.textContent}`);
      }
      // A line that is upright has no width.
      const lines = dashes.map(
        (line) => new DOMRect(line.x - 1, line.y, line.width + 2, line.height),
      );
      if (lines.some((line) => meet(box, line))) found.push(`a line over ${text}`);
      const inside =
        box.left >= edge.left - 1 && box.right <= edge.right + 1 && box.bottom <= edge.bottom + 1;
      if (!inside) found.push(`${text} leaves the chart`);
    }
  }
  return found;
}

/** Contrast ratio of two `#rrggbb` colours as WCAG 2.2 defines it. */
function contrast(one: string, other: string): number {
  const luminance = (color: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const share = Number.parseInt(color.trim().slice(at, at + 2), 16) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}
