import { paretoFront } from '../../metrics/index.ts';
import { formatFlops, formatShare } from '../format.ts';
import { learnerMark } from '../learner-mark.ts';
import type { ReportData, ReportLearner } from '../report-data.ts';
import { around, logTicks } from './log-scale.ts';
import type { Chart, ChartWidth } from './render-chart.ts';

/** Where a learner stands after a number of tasks: all it paid, and its average error so far. */
interface ComputePoint {
  readonly learner: number;
  readonly tasks: number;
  readonly flops: bigint;
  readonly error: number;
}

/** A point per task of a learner, in stream order: cumulative FLOPs and running average error. */
function computePath(learner: ReportLearner, index: number): ComputePoint[] {
  let sum = 0;
  return learner.tasks.map((result, at) => {
    sum += result.errorRate;
    return {
      learner: index,
      tasks: at + 1,
      flops: BigInt(result.cumulativeFlops),
      error: sum / (at + 1),
    };
  });
}

/** The last points of the learners that got furthest: only equal numbers of tasks can be compared. */
function finalPoints(learners: readonly ReportLearner[]): ComputePoint[] {
  const last = learners.flatMap((learner, index) => computePath(learner, index).slice(-1));
  const most = Math.max(...last.map(({ tasks }) => tasks));
  return last.filter(({ tasks }) => tasks === most);
}

/** Average error against cumulative FLOPs: a path per learner, and the Pareto front of their ends. */
export function computeChart({ learners }: ReportData, width: ChartWidth): Chart {
  // A logarithm has no place for work that cost nothing.
  const paths = learners.flatMap(computePath).filter(({ flops }) => flops > 0n);
  const finals = finalPoints(learners).filter(({ flops }) => flops > 0n);
  const front = paretoFront(finals);
  const toRow = (point: ComputePoint) => ({
    learner: String(point.learner),
    tasks: point.tasks,
    flops: Number(point.flops),
    error: point.error,
    ...learnerMark(point.learner),
  });

  const [from, to] = around(paths.map(({ flops }) => Number(flops)));
  const top = Math.max(0.05, ...paths.map(({ error }) => error));
  const x = {
    field: 'flops',
    type: 'quantitative',
    scale: { type: 'log', domain: [from, to], nice: false },
    axis: {
      values: logTicks(from, to, width === 'narrow' ? 4 : 8),
      labelExpr: "format(datum.value, '~s')",
      title: 'cumulative FLOP, logarithmic',
    },
  };
  const y = {
    field: 'error',
    type: 'quantitative',
    scale: { domain: [0, top * 1.08], nice: true },
    axis: { format: '.0%', tickCount: 5, title: null },
  };
  const color = { field: 'color', type: 'nominal', scale: null, legend: null };
  const shape = { field: 'shape', type: 'nominal', scale: null, legend: null };
  const cheapest = front[0];
  const best = front.at(-1);
  const steps = [
    ...(cheapest ? [{ flops: Number(cheapest.flops), error: top * 1.08 }] : []),
    ...front.map((point) => ({ flops: Number(point.flops), error: point.error })),
    ...(best ? [{ flops: to, error: best.error }] : []),
  ].map((step, order) => ({ ...step, order }));

  return {
    title: 'Average error against cumulative compute',
    description: describe(learners, front),
    height: width === 'narrow' ? 260 : 340,
    margin: { left: 48, right: 22 },
    layer: [
      {
        data: { values: steps },
        mark: {
          type: 'line',
          interpolate: 'step-after',
          stroke: 'var(--ink)',
          strokeWidth: 1.5,
          strokeDash: [5, 4],
          opacity: 0.75,
        },
        encoding: { x, y, order: { field: 'order', type: 'quantitative' } },
      },
      {
        data: { values: paths.map(toRow) },
        mark: { type: 'line', strokeWidth: 2, opacity: 0.55 },
        encoding: {
          x,
          y,
          color,
          detail: { field: 'learner' },
          order: { field: 'tasks', type: 'quantitative' },
        },
      },
      {
        data: { values: paths.map(toRow) },
        mark: { type: 'point', filled: true, size: 42, opacity: 0.85 },
        encoding: { x, y, color, shape },
      },
      {
        data: { values: finals.map(toRow) },
        mark: { type: 'point', filled: true, size: 230, opacity: 1 },
        encoding: { x, y, color, shape },
      },
    ],
  };
}

function describe(learners: readonly ReportLearner[], front: readonly ComputePoint[]): string {
  const ends = learners.flatMap((learner, index) => {
    const end = computePath(learner, index).at(-1);
    if (end === undefined) return [];
    const kept = front.some((point) => point.learner === index) ? ', on the Pareto front' : '';
    return [
      `${learner.title}: average error ${formatShare(end.error)} for ${formatFlops(String(end.flops))}${kept}.`,
    ];
  });
  return ends.join(' ');
}
