import { formatFlops, formatShare } from '../format.ts';
import { learnerMark } from '../learner-mark.ts';
import type { ReportData, ReportTaskResult } from '../report-data.ts';
import { shortNames } from '../short-names.ts';
import { around, logTicks } from './log-scale.ts';
import { type Chart, type ChartWidth, chartWidths } from './render-chart.ts';

const columns = { wide: 5, middle: 3, narrow: 2 } as const;
const panelHeight = 112;
const heading = 44;
const footing = 40;
const gap = 22;
const left = 44;
const nameSize = 12;

/** Error of each task against what that task alone cost: a panel a task, all with the same axes, so that tasks are not joined by a line. */
export function taskComputeChart({ stream, learners }: ReportData, width: ChartWidth): Chart {
  const across = Math.min(columns[width], Math.max(1, stream.tasks.length));
  const panelWidth = (chartWidths[width] - left - gap * across) / across;
  const block = heading + panelHeight + footing;
  const rows = Math.max(1, Math.ceil(stream.tasks.length / across));
  const names = shortNames(
    stream.tasks.map(({ name }) => name),
    panelWidth / nameSize,
  );
  const panels = stream.tasks.map((task, index) => ({
    task,
    left: (index % across) * (panelWidth + gap),
    top: Math.floor(index / across) * block + heading,
  }));

  // A logarithm has no place for work that cost nothing.
  const results = learners.flatMap((learner, index) =>
    learner.tasks.flatMap((result) => {
      const panel = panels.find(({ task }) => task.position === result.position);
      const flops = Number(costOf(result));
      return panel && flops > 0 ? [{ panel, index, flops, error: result.errorRate }] : [];
    }),
  );
  const [from, to] = around(results.map(({ flops }) => flops));
  const largest = Math.max(0.05, ...results.map(({ error }) => error));
  const end = Math.min(1, Math.ceil(largest * 10.5) / 10);
  const x = (flops: number) => (panelWidth * Math.log(flops / from)) / Math.log(to / from);
  const y = (error: number) => panelHeight * (1 - error / end);

  const lines = panels.flatMap(({ left, top }) =>
    [0, end / 2, end].map((error) => ({
      from: left,
      to: left + panelWidth,
      y: top + y(error),
      label: left === 0 ? `${Math.round(100 * error)}%` : '',
    })),
  );
  const ticks = panels.flatMap(({ left, top }) =>
    logTicks(from, to, width === 'narrow' ? 2 : 3).map((flops) => ({
      x: left + x(flops),
      top,
      bottom: top + panelHeight,
      flops,
      labelY: top + panelHeight + 14,
    })),
  );
  const place = (field: string) => ({ field, type: 'quantitative', scale: null, axis: null });
  const text = (field: string) => ({ field, type: 'nominal' });
  const style = { type: 'nominal', scale: null, legend: null };
  const muted = { type: 'text', fill: 'var(--muted)', baseline: 'middle' };

  return {
    title: 'Error of each task against its own compute',
    description: describe({ stream, learners }),
    height: rows * block,
    margin: { left, right: gap },
    layer: [
      {
        data: { values: [{ title: 'FLOP of the task alone, logarithmic' }] },
        mark: { ...muted, align: 'center' },
        encoding: {
          x: { value: (chartWidths[width] - left - gap) / 2 },
          y: { value: rows * block + 8 },
          text: text('title'),
        },
      },
      {
        data: { values: lines },
        mark: { type: 'rule', stroke: 'var(--grid)' },
        encoding: { x: place('from'), x2: { field: 'to' }, y: place('y') },
      },
      {
        data: { values: ticks },
        mark: { type: 'rule', stroke: 'var(--grid)' },
        encoding: { x: place('x'), y: place('top'), y2: { field: 'bottom' } },
      },
      {
        data: { values: lines.filter(({ label }) => label !== '') },
        mark: { ...muted, align: 'right' },
        encoding: { x: { value: -8 }, y: place('y'), text: text('label') },
      },
      {
        data: { values: ticks },
        mark: { ...muted, align: 'center' },
        encoding: {
          x: place('x'),
          y: place('labelY'),
          text: { field: 'flops', type: 'quantitative', format: '~s' },
        },
      },
      {
        data: {
          values: panels.map(({ task, left, top }) => ({
            x: left,
            y: top - 30,
            name: names.get(task.name) ?? '',
          })),
        },
        mark: {
          type: 'text',
          align: 'left',
          fontWeight: 600,
          fontSize: nameSize,
          baseline: 'middle',
        },
        encoding: { x: place('x'), y: place('y'), text: text('name') },
      },
      {
        data: {
          values: panels.map(({ task, left, top }) => ({
            x: left,
            y: top - 14,
            year: String(task.year),
          })),
        },
        mark: { ...muted, align: 'left' },
        encoding: { x: place('x'), y: place('y'), text: text('year') },
      },
      {
        data: {
          values: results.map(({ panel, index, flops, error }) => ({
            x: panel.left + x(flops),
            y: panel.top + y(error),
            ...learnerMark(index),
          })),
        },
        mark: { type: 'point', filled: true, size: 110, opacity: 0.9 },
        encoding: {
          x: place('x'),
          y: place('y'),
          color: { field: 'color', ...style },
          shape: { field: 'shape', ...style },
        },
      },
    ],
  };
}

const costOf = ({ flops }: ReportTaskResult): bigint =>
  BigInt(flops.train) + BigInt(flops.validation) + BigInt(flops.prediction);

function describe({ stream, learners }: Pick<ReportData, 'stream' | 'learners'>): string {
  return stream.tasks
    .map(({ name, year, position }) => {
      const each = learners.flatMap(({ title, tasks }) => {
        const result = tasks.find((one) => one.position === position);
        if (result === undefined) return [];
        return [
          `${title} ${formatShare(result.errorRate)} for ${formatFlops(String(costOf(result)))}`,
        ];
      });
      return `${name} (${year}): ${each.join(', ') || 'not learned yet'}.`;
    })
    .join(' ');
}
