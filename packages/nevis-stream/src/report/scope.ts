import { formatCount, plural } from './format.ts';
import { rankLearners } from './ranking.ts';
import type { ReportData } from './report-data.ts';

/** Who errs least, in a sentence: nobody, unless a test says so. Empty with nothing to compare. */
export function verdictText(data: ReportData): string {
  const { winner, tied } = rankLearners(data);
  if (winner !== undefined) return `${winner.learner.title} errs least on average, with this seed.`;
  const titles = tied.map(({ learner }) => learner.title);
  return titles.length > 1 ? `No difference shown between ${titles.join(' and ')}.` : '';
}

/** What the numbers are of, and what they are not: how much of a benchmark, of its data, on which split, with how many seeds. */
export function scopeText({ stream, settings }: ReportData): string {
  const { benchmark, tasks } = stream;
  const count = tasks.length;
  const what =
    benchmark === null
      ? `${plural(count, 'position')} of the stream ${stream.name}, not of a benchmark`
      : `${count} of ${benchmark.positions} positions of ${benchmark.name}`;
  const splits = [...new Set(tasks.map(({ evalSplit }) => evalSplit))].join(', ');
  const sentence = `These are ${what}, ${dataText(tasks)}, measured on ${splits || 'no split'}, with one seed (${settings.seed}).`;
  return benchmark !== null && count < benchmark.positions
    ? `${sentence} They are no results of the whole benchmark.`
    : sentence;
}

function dataText(tasks: ReportData['stream']['tasks']): string {
  const cut = tasks.filter(
    ({ trainSize, devSize, evalSize, whole }) =>
      trainSize < whole.train || devSize < whole.dev || evalSize < whole.eval,
  );
  if (cut.length === 0) return 'with all of their data';
  const shares = cut.map(({ trainSize, whole }) => trainSize / whole.train);
  const least = cut[shares.indexOf(Math.min(...shares))];
  const example =
    least === undefined || least.trainSize === least.whole.train
      ? ''
      : `: on ${least.name}, ${formatCount(least.trainSize)} of ${formatCount(least.whole.train)} images to train on`;
  return cut.length === tasks.length
    ? `on prefixes of their data${example ? ` (${example.slice(2)})` : ''}`
    : `${cut.length} of them on prefixes of their data${example ? ` (${example.slice(2)})` : ''}`;
}
