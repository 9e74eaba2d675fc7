import { formatShare } from '../format.ts';
import { learnerMark } from '../learner-mark.ts';
import type { ReportData } from '../report-data.ts';
import { shortNames } from '../short-names.ts';
import { type Chart, type ChartWidth, chartWidths } from './render-chart.ts';

const row = 22;
const gap = 22;
const heading = 24;
const nameSize = 13;

/** Error rate per task: a row per learner, and one for the majority class, so that no label is on another, or on a line. */
export function errorChart({ stream, learners }: ReportData, width: ChartWidth): Chart {
  const narrow = width === 'narrow';
  const head = narrow ? heading : 0;
  const block = head + (learners.length + 1) * row + gap;
  const height = stream.tasks.length * block;
  const tops = stream.tasks.map((_, index) => index * block + gap / 2);

  const left = narrow ? 10 : 148;
  const right = 66;
  // After the year, or above it and left of the rows.
  const nameX = narrow ? 36 : 0;
  const room = (narrow ? chartWidths[width] : left - 12) - nameX;
  const names = shortNames(
    stream.tasks.map(({ name }) => name),
    room / nameSize,
  );
  const tasks = stream.tasks.map((task, index) => {
    const y = (tops[index] ?? 0) + head;
    const rows = (learners.length + 1) * row;
    return {
      name: names.get(task.name) ?? '',
      year: String(task.year),
      nameY: narrow ? y - heading / 2 : y + rows / 2 - 8,
      yearY: narrow ? y - heading / 2 : y + rows / 2 + 9,
      majority: task.majorityErrorRate,
      majorityLabel: formatShare(task.majorityErrorRate),
      from: y + rows - row,
      last: y + rows - row / 2,
      to: y + rows,
      line: (tops[index] ?? 0) - gap / 2,
    };
  });
  const places = new Map(stream.tasks.map(({ position }, index) => [position, index]));
  const results = learners.flatMap((learner, index) =>
    learner.tasks.map((result) => ({
      zero: 0,
      error: result.errorRate,
      label: formatShare(result.errorRate),
      y: (tops[places.get(result.position) ?? 0] ?? 0) + head + (index + 0.5) * row,
      ...learnerMark(index),
    })),
  );

  const largest = Math.max(0.1, ...tasks.map((t) => t.majority), ...results.map((r) => r.error));
  const end = Math.min(1, Math.ceil(largest * 10) / 10);
  const scale = { domain: [0, end], nice: false };
  const step = end > 0.5 ? 0.2 : 0.1;
  const ticks = Array.from({ length: Math.floor(end / step + 1.001) }, (_, tick) => tick * step);
  const x = (field: string) => ({
    field,
    type: 'quantitative',
    scale,
    axis: { values: ticks, format: '.0%', title: 'error rate (lower is better)' },
  });
  const y = (field: string) => ({ field, type: 'quantitative', scale: null, axis: null });
  const color = { field: 'color', type: 'nominal', scale: null, legend: null };

  return {
    title: 'Error rate per task',
    description: describe({ stream, learners }),
    height,
    margin: { left, right },
    layer: [
      {
        data: { values: tasks.slice(1) },
        mark: { type: 'rule', stroke: 'var(--line)' },
        encoding: {
          x: { value: -left },
          x2: { value: chartWidths[width] - left },
          y: y('line'),
        },
      },
      {
        data: { values: tasks },
        mark: { type: 'text', align: 'left', fontWeight: 600, fontSize: nameSize },
        encoding: {
          x: { value: nameX - left },
          y: y('nameY'),
          text: { field: 'name' },
        },
      },
      {
        data: { values: tasks },
        mark: { type: 'text', align: 'left', fill: 'var(--muted)' },
        encoding: { x: { value: -left }, y: y('yearY'), text: { field: 'year' } },
      },
      {
        data: { values: tasks },
        mark: { type: 'rule', stroke: 'var(--muted)', strokeWidth: 1.5, strokeDash: [3, 3] },
        encoding: { x: x('majority'), y: y('from'), y2: { field: 'to' } },
      },
      {
        data: { values: tasks },
        mark: { type: 'text', align: 'left', dx: 7, fill: 'var(--muted)' },
        encoding: { x: x('majority'), y: y('last'), text: { field: 'majorityLabel' } },
      },
      {
        data: { values: results },
        mark: { type: 'rule', strokeWidth: 3, opacity: 0.35 },
        encoding: {
          x: x('zero'),
          x2: { field: 'error' },
          y: y('y'),
          color,
        },
      },
      {
        data: { values: results },
        mark: { type: 'point', filled: true, size: 130, opacity: 1 },
        encoding: {
          x: x('error'),
          y: y('y'),
          color,
          shape: { field: 'shape', type: 'nominal', scale: null, legend: null },
        },
      },
      {
        data: { values: results },
        mark: { type: 'text', align: 'left', dx: 11 },
        encoding: { x: x('error'), y: y('y'), text: { field: 'label' } },
      },
    ],
  };
}

function describe({ stream, learners }: Pick<ReportData, 'stream' | 'learners'>): string {
  return stream.tasks
    .map((task) => {
      const errors = learners.flatMap(({ title, tasks }) => {
        const result = tasks.find(({ position }) => position === task.position);
        return result === undefined ? [] : [`${title} ${formatShare(result.errorRate)}`];
      });
      const majority = `majority class ${formatShare(task.majorityErrorRate)}`;
      return `${task.name} (${task.year}): ${[...errors, majority].join(', ')}.`;
    })
    .join(' ');
}
