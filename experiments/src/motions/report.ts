import { motionNames } from '@neverend/trecvit-motions';
import type { ArmResult, Machine } from './arm-result.ts';
import { armNames } from './arms/time-mixers.ts';
import type { ExperimentResults } from './experiment.ts';
import { highest, type Pilot } from './pilot.ts';
import { type ArmSummary, summarize } from './summary.ts';
import { paperResults, titles } from './titles.ts';
import { listed, percent, points } from './words.ts';

/** The results as Markdown: the chart, tables, a plain reading, and how they were made. @param chart the picture's address. */
export function report({ pilot, seeds, results }: ExperimentResults, chart: string): string {
  const summaries = summarize(results, seeds);
  return [
    `![Accuracy of the four arms with 95 % intervals, beside the paper's](${chart})`,
    '',
    '| over time | parameters | right on held-out videos | LRU ahead by, points | training, seconds | paper, SSv2 |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...summaries.map(row),
    '',
    reading(summaries),
    '',
    `Right by motion, mean of the seeds:`,
    '',
    `| over time | ${motionNames.join(' | ')} |`,
    `| --- |${' ---: |'.repeat(motionNames.length)}`,
    ...armNames.map((arm) => motionRow(results.filter((result) => result.arm === arm))),
    '',
    pilotText(pilot),
    '',
    machineText(results),
    '',
  ].join('\n');
}

function row({ arm, parameters, accuracy, behindLru, seconds }: ArmSummary): string {
  const cells = [
    titles[arm],
    parameters.toLocaleString('en'),
    `${percent(accuracy.mean)} ± ${(100 * accuracy.half).toFixed(1)}`,
    behindLru === undefined
      ? ''
      : `${points(behindLru.mean)} ± ${(100 * behindLru.half).toFixed(1)}`,
    seconds.toFixed(0),
    `${paperResults[arm].accuracy} %`,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** What can be said, whichever way it came out. */
function reading(summaries: readonly ArmSummary[]): string {
  const [lru, ...others] = summaries as [ArmSummary, ...ArmSummary[]];
  const named = (wanted: (half: number, mean: number) => boolean) =>
    others
      .filter(({ behindLru }) => behindLru && wanted(behindLru.half, behindLru.mean))
      .map(({ arm }) => titles[arm]);
  const worse = named((half, mean) => mean - half > 0);
  const better = named((half, mean) => mean + half < 0);
  const open = named((half, mean) => Math.abs(mean) <= half);
  const sentences = [
    `The LRU names ${percent(lru.accuracy.mean)} of the held-out videos rightly; chance is ${percent(1 / motionNames.length)}.`,
    worse.length > 0 ? `It is ahead of ${listed(worse)}.` : '',
    better.length > 0 ? `It is behind ${listed(better)}.` : '',
    open.length > 0
      ? `Between it and ${listed(open)} three seeds do not decide: the interval of the difference holds 0.`
      : '',
    orderText(summaries),
  ];
  return sentences.filter(Boolean).join(' ');
}

function orderText(summaries: readonly ArmSummary[]): string {
  const order = (of: (summary: ArmSummary) => number) =>
    [...summaries].sort((a, b) => of(b) - of(a)).map(({ arm }) => titles[arm]);
  const here = order(({ accuracy }) => accuracy.mean);
  const there = order(({ arm }) => paperResults[arm].accuracy);
  return here.join() === there.join()
    ? `By their means the arms stand in the paper's order: ${here.join(', ')}.`
    : `By their means the order is ${here.join(', ')}; the paper's, of far larger models on far more data, is ${there.join(', ')}.`;
}

function motionRow(runs: readonly ArmResult[]): string {
  const shares = motionNames.map((motion) => {
    const sum = runs.reduce((total, { ofMotion }) => total + ofMotion[motion], 0);
    return `${((100 * sum) / runs.length).toFixed(0)} %`;
  });
  return `| ${[runs[0] ? titles[runs[0].arm] : '', ...shares].join(' | ')} |`;
}

function pilotText({ level, tried }: Pilot): string {
  const lines = tried.map((one) => {
    const arms = one.results.map(({ arm, accuracy }) => `${titles[arm]} ${percent(accuracy)}`);
    return `at level ${one.level}, ${listed(arms)}`;
  });
  return `A pilot with a seed of its own and the two arms that learn fastest fixed the difficulty before these seeds: the first level at which neither passes ${percent(highest)}. It found ${lines.join('; ')}. Level ${level} was taken.`;
}

function machineText(results: readonly ArmResult[]): string {
  const { cpu, cpus, backend, versions } = (results[0] as ArmResult).machine;
  const dates = results
    .map(({ machine }: { machine: Machine }) => machine.date.slice(0, 10))
    .sort();
  const days = [...new Set([dates[0], dates.at(-1)])].join(' to ');
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  const loads = results.map(({ machine }) => machine.load);
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${days}; ${cpu}, ${cpus} CPUs; backend \`${backend}\`; ${software.join(', ')}; ${(seconds / 60).toFixed(0)} minutes of training in all, at a load of up to ${Math.max(...loads)}.`;
}
