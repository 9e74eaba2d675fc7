import { formatShare, plural, quantity } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { ReportData, ReportLearner } from '../report-data.ts';

interface Ranked {
  readonly learner: ReportLearner;
  readonly index: number;
  readonly error: number;
}

/** The result in a sentence or two, made from the data. */
export function headline({ stream, learners }: ReportData): Html {
  const all = stream.tasks.length;
  const done = Math.max(0, ...learners.map(({ tasks }) => tasks.length));
  const ranked = learners
    .flatMap((learner, index): Ranked[] =>
      learner.tasks.length === done && learner.averageErrorRate !== null
        ? [{ learner, index, error: learner.averageErrorRate }]
        : [],
    )
    .sort((a, b) => a.error - b.error);
  const [best] = ranked;
  if (best === undefined) return html`No learner has finished a task yet.`;

  const winners = ranked.filter(({ error }) => error === best.error);
  const others = ranked.filter(({ error }) => error !== best.error);
  const behind = learners.filter(({ tasks }) => tasks.length < done);
  const seen = stream.tasks.slice(0, done);
  const years = [...new Set([seen[0]?.year, seen.at(-1)?.year])].join(' to ');
  const majority = seen.reduce((sum, task) => sum + task.majorityErrorRate, 0) / done;
  return html`Over ${plural(done, 'task')} from ${years}, ${winners.map(
    ({ learner }, place) =>
      html`${separator(place, winners.length)}<strong>${learner.title}</strong>`,
  )} ${winners.length === 1 ? 'has' : 'share'} the lowest average error, <strong>${error(best)}</strong>${
    others.length > 0 &&
    html`, against ${others.map(
      (other, place) =>
        html`${separator(place, others.length)}${error(other)} for ${other.learner.title}`,
    )}`
  }. Naming the most frequent class every time would err on ${quantity(majority, formatShare)}.${
    done < all && html` The run is not finished: ${done} of ${plural(all, 'task')} so far.`
  }${behind.length > 0 && html` Not as far yet: ${behind.map(({ title }) => title).join(', ')}.`}`;
}

function error({ error, index }: Ranked): Html {
  return quantity(error, formatShare, `/learners/${index}/averageErrorRate`);
}

function separator(place: number, count: number): string {
  return place === 0 ? '' : place === count - 1 ? ' and ' : ', ';
}
