import { goalsOf, goalsTable, isMissed } from './goals.ts';
import { leastOf, medianOf } from './machine-limits.ts';
import { profileTable } from './profiles.ts';
import { modelTable } from './report-models.ts';
import type { CaseResult, Outcome, Results } from './results.ts';
import { runnerKinds } from './runner-list.ts';

/** Results as Markdown: what ran on what, and a table for each number of threads. */
export function report(results: Results): string {
  const { machine, limits } = results;
  const threads = Object.keys(limits);
  return [
    `### ${subject(results)}${machine.cpu}, ${machine.cpus} CPUs`,
    '',
    `${time(results)}, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node.slice(1)}, ${load(results)}. ${versions(results)}.`,
    ...threads.flatMap((count) => ['', ...section(results, count)]),
    ...goals(results),
    '',
  ].join('\n');
}

/** What all cases are of, but for the product whose speed is the limit. */
function subject({ cases }: Results): string {
  const all = (is: (one: CaseResult) => boolean) =>
    cases.some(is) && cases.every((one) => is(one) || one.case === 'matmul-2048');
  if (all(({ video }) => video !== undefined)) return 'TRecViT on ';
  return all(({ items }) => items !== undefined) ? 'PEER on ' : '';
}

/** The goals, and where the time goes of what missed one. */
function goals(results: Results): string[] {
  const all = goalsOf(results);
  const missed = all.filter(isMissed);
  const shown = (results.profiles ?? []).filter((profile) =>
    missed.some((goal) => goal.runner === profile.runner && goal.cases.includes(profile.case)),
  );
  return [...goalsTable(all), ...shown.flatMap((profile) => ['', ...profileTable(profile)])];
}

/** From the first case to the last, whatever their order: a run may be resumed on another day. */
function time({ date, cases }: Results): string {
  const times = cases.flatMap((one) => one.date ?? []).sort();
  const [first = date, last = date] = [times[0], times.at(-1)];
  const [day, lastDay] = [first.slice(0, 10), last.slice(0, 10)];
  if (day !== lastDay) return `${day} to ${lastDay}`;
  return first === last ? day : `${day}, ${first.slice(11, 16)} to ${last.slice(11, 16)} UTC`;
}

function load({ cases, machine }: Results): string {
  const loads = cases.flatMap((one) => one.load ?? []);
  return loads.length === 0
    ? `load ${machine.load} before the run`
    : `load ${Math.max(...loads)} or less before each case`;
}

function versions({ runners }: Results): string {
  const all = Object.values(runners)
    .flatMap((byThreads) => Object.values(byThreads))
    .flatMap((runner) => ('versions' in runner ? Object.entries(runner.versions) : []))
    .map(([name, version]) => `${name} ${version}`);
  return [...new Set(all)].join(', ');
}

function section({ cases, limits, runners }: Results, threads: string): string[] {
  const here = cases.filter((one) => one.threads === Number(threads));
  const operations = here.filter(({ video }) => video === undefined);
  const columns = runnerKinds.filter(
    ({ id, role }) =>
      role !== 'machine' &&
      operations.some(({ outcomes }) => 'milliseconds' in (outcomes[id] ?? {})),
  );
  const { copy, randomRows, gemm, pickedRows = {} } = limits[threads] ?? {};
  const withLimit = operations.some(({ items }) => items !== undefined);
  const measured = [
    copy && `copy ${copy.toFixed(1)} GB/s`,
    randomRows && `random rows ${randomRows.toFixed(1)} GB/s`,
    gemm && `GEMM ${gemm.toFixed(0)} GFLOP/s`,
    ...Object.entries(pickedRows).map(
      ([items, speed]) => `rows out of ${items} ${speed.toFixed(1)} GB/s`,
    ),
  ].filter(Boolean);
  return [
    `#### ${threads} thread${threads === '1' ? '' : 's'}: ${measured.join(', ')}`,
    ...(operations.length === 0
      ? []
      : [
          '',
          `| case | ${withLimit ? 'limit | ' : ''}${columns.map(({ title }) => title).join(' | ')} | best of ours over best peer |`,
          `| --- |${' ---: |'.repeat(columns.length + (withLimit ? 2 : 1))}`,
          ...operations.map((one) =>
            row(one, columns, withLimit ? [milliseconds(leastOf(one, limits))] : []),
          ),
        ]),
    ...modelTable(here),
    ...notes(here, runners, threads),
  ];
}

const milliseconds = (time: number | undefined) =>
  time === undefined ? '' : String(Number(time.toPrecision(3)));

/** @param before cells before those of the runners. */
function row(one: CaseResult, columns: typeof runnerKinds, before: readonly string[]): string {
  const timed = columns.map(({ id }) => cell(one.outcomes[id]));
  const best = (role: string) =>
    Math.min(
      ...columns
        .filter((kind) => kind.role === role)
        .map(({ id }) => medianOf(one, id) ?? Number.POSITIVE_INFINITY),
    );
  const ratio = best('peer') / best('ours');
  const cells = [...before, ...timed];
  return `| ${one.title} | ${cells.join(' | ')} | ${Number.isFinite(ratio) && ratio > 0 ? `${ratio.toFixed(2)}x` : ''} |`;
}

/** Median, half the distance of the quartiles, share of the limit, peak of memory. */
function cell(outcome: Outcome | undefined): string {
  if (outcome === undefined) return '';
  if ('disagrees' in outcome) return 'wrong';
  if (!('milliseconds' in outcome)) return '-';
  const { median, q1, q3 } = outcome.milliseconds;
  const share = outcome.shareOfLimit;
  const percent = share === undefined ? '' : `, ${Math.round(100 * share)} %`;
  const spread = Math.round((50 * (q3 - q1)) / median);
  const memory =
    outcome.peakMiB === undefined ? '' : `, ${(outcome.peakMiB / 1024).toFixed(1)} GiB`;
  return `${Number(median.toPrecision(3))} ± ${spread} %${percent}${memory}`;
}

/** Who did not run, who was only checked, and whose results were wrong. */
function notes(
  here: readonly CaseResult[],
  runners: Results['runners'],
  threads: string,
): string[] {
  const lines: string[] = [];
  for (const { id } of runnerKinds) {
    const runner = runners[id]?.[threads];
    if (runner && 'absent' in runner) lines.push(`- \`${id}\` did not run: ${runner.absent}.`);
    const outcomes = here.map((one) => ({ title: one.title, outcome: one.outcomes[id] }));
    const checked = outcomes.filter(({ outcome }) => outcome && 'agrees' in outcome);
    if (runner && 'device' in runner && checked.length > 0) {
      lines.push(
        `- \`${id}\` (${runner.device}) was checked on ${checked.length} case${checked.length === 1 ? '' : 's'} of small size, not timed.`,
      );
    }
    for (const { title, outcome } of outcomes) {
      if (outcome && 'disagrees' in outcome) {
        lines.push(`- \`${id}\`, ${title}: ${outcome.disagrees}.`);
      }
    }
    const said = (text: (outcome: Outcome) => string | undefined) => {
      const titles = new Map<string, string[]>();
      for (const { title, outcome } of outcomes) {
        const words = outcome && text(outcome);
        if (words !== undefined) titles.set(words, [...(titles.get(words) ?? []), title]);
      }
      return titles;
    };
    for (const [reason, titles] of said((outcome) =>
      'unable' in outcome ? outcome.unable : undefined,
    )) {
      lines.push(`- \`${id}\`: ${reason} (${titles.length} of ${outcomes.length} cases).`);
    }
    for (const [way, titles] of said((outcome) => ('way' in outcome ? outcome.way : undefined))) {
      lines.push(`- \`${id}\` took \`${way}\`: ${titles.join('; ')}.`);
    }
  }
  return lines.length === 0 ? [] : ['', ...lines];
}

const begin = '<!-- results: begin -->';
const end = '<!-- results: end -->';

/**
 * A README with the reports of these results between its markers, in this order.
 *
 * @throws Error when it lacks the markers.
 */
export function withReports(readme: string, results: readonly Results[]): string {
  const [start, stop] = [readme.indexOf(begin), readme.indexOf(end)];
  if (start < 0 || stop < start) throw new Error(`the README must hold ${begin} and ${end}`);
  const text = results.map((one) => `\n${report(one)}`).join('');
  return `${readme.slice(0, start + begin.length)}\n${text}${text && '\n'}${readme.slice(stop)}`;
}
