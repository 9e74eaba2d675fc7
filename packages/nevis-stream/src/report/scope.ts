import { formatCount, plural, separator } from './format.ts';
import { rankLearners } from './ranking.ts';
import type { ReportData } from './report-data.ts';

/** Who errs least, in a sentence: nobody, unless a test says so. Empty with nothing to compare. */
export function verdictText(data: ReportData): string {
  const { winner, tied } = rankLearners(data);
  if (winner !== undefined) return `${winner.learner.title} errs least on average, with this seed.`;
  const titles = tied.map(({ learner }) => learner.title);
  return titles.length > 1
    ? `No difference shown between ${titles.map((title, at) => separator(at, titles.length) + title).join('')}.`
    : '';
}

/** What the numbers are of, and what they are not: how much of a benchmark, of its data, on which split, with how many seeds. */
export function scopeText(data: ReportData): string {
  const { stream, settings } = data;
  const { benchmark, tasks, labels = 'true' } = stream;
  const count = tasks.length;
  const one = count === 1;
  const what =
    benchmark === null
      ? `${plural(count, 'position')} of the stream ${stream.name}, not of a benchmark`
      : `${count} of ${plural(benchmark.positions, 'position')} of ${benchmark.name}`;
  const splits = [...new Set(tasks.map(({ evalSplit }) => evalSplit))].join(', ');
  return [
    `${one ? 'This is' : 'These are'} ${what}, ${dataText(tasks)}, measured on ${splits || 'no split'}, with one seed (${settings.seed}).`,
    ...(labels === 'shuffled'
      ? [
          'The labels to learn from are in random order: a control, on which nothing can be learned.',
        ]
      : []),
    ...(benchmark !== null && count < benchmark.positions
      ? [`${one ? 'It is no result' : 'They are no results'} of the whole benchmark.`]
      : []),
    ...nonFiniteTexts(data),
  ].join(' ');
}

/** How many places with logits that are not finite are named. */
const most = 3;

/** Errors that are none of judgement: logits that are NaN or infinite, a sentence for each learner that gave some. */
function nonFiniteTexts({ learners, stream }: ReportData): string[] {
  return learners.flatMap(({ title, tasks }) => {
    const places = tasks.flatMap(({ position, nonFinite = 0 }) => {
      const task = stream.tasks.find((one) => one.position === position);
      if (nonFinite === 0 || task === undefined) return [];
      const images = plural(task.evalSize, 'image');
      return [`${formatCount(nonFinite)} of ${images} of ${task.name} (${task.year})`];
    });
    if (places.length === 0) return [];
    const named = places.slice(0, most);
    if (places.length > most) named.push(`${plural(places.length - most, 'more task')}`);
    const list = named.map((place, at) => separator(at, named.length) + place).join('');
    return [`${title} gave logits that are NaN or infinite on ${list}: each counts as an error.`];
  });
}

function dataText(tasks: ReportData['stream']['tasks']): string {
  const cut = tasks.filter(
    ({ trainSize, devSize, evalSize, whole }) =>
      trainSize < whole.train || devSize < whole.dev || evalSize < whole.eval,
  );
  const its = tasks.length === 1 ? 'its' : 'their';
  if (cut.length === 0) return `with all of ${its} data`;
  const shares = cut.map(({ trainSize, whole }) => trainSize / whole.train);
  const least = cut[shares.indexOf(Math.min(...shares))];
  const example =
    least === undefined || least.trainSize === least.whole.train
      ? ''
      : ` (on ${least.name}, ${formatCount(least.trainSize)} of ${formatCount(least.whole.train)} images to train on)`;
  if (cut.length === tasks.length) return `on prefixes of ${its} data${example}`;
  const prefixes = cut.length === 1 ? 'a prefix of its data' : 'prefixes of their data';
  return `${cut.length} of them on ${prefixes}${example}`;
}
