import { formatPoints, formatShare, plural, quantity, separator } from '../format.ts';
import { type Html, html } from '../html.ts';
import { type Ranked, rankLearners } from '../ranking.ts';
import type { ReportData } from '../report-data.ts';

/** The result in a few sentences, made from the data. Nobody wins unless a test says so. */
export function headline(data: ReportData): Html {
  const { stream, learners } = data;
  const all = stream.tasks.length;
  const { done, ranked, winner, tied } = rankLearners(data);
  const [best] = ranked;
  if (best === undefined) return html`No learner has finished a task yet.`;

  const behind = learners.filter(({ tasks }) => tasks.length < done);
  const seen = stream.tasks.slice(0, done);
  const years = [...new Set([seen[0]?.year, seen.at(-1)?.year])].join(' to ');
  const majority = seen.reduce((sum, task) => sum + task.majorityErrorRate, 0) / done;
  const confidence = Math.round(100 * (1 - data.comparisons.level));
  const verdict =
    winner !== undefined
      ? html`<strong>${winner.learner.title}</strong> errs least on average. `
      : tied.length > 1 &&
        html`no difference shown between ${tied.map(
          ({ learner }, place) => html`${separator(place, tied.length)}${learner.title}`,
        )}. `;
  return html`Over ${plural(done, 'task')} from ${years}, with this seed: ${verdict}Average error ${ranked.map(
    (one, place) =>
      html`${separator(place, ranked.length)}<strong>${error(one)}</strong> for ${one.learner.title}${difference(one, confidence)}`,
  )}. ${
    ranked.length > 1 &&
    'Intervals are over the images, by a paired bootstrap, for all pairs together; another seed may order the learners otherwise. '
  }Naming the most frequent class every time would err on ${quantity(majority, formatShare)}.${
    done < all && html` The run is not finished: ${done} of ${plural(all, 'task')} so far.`
  }${behind.length > 0 && html` Not as far yet: ${behind.map(({ title }) => title).join(', ')}.`}`;
}

function error({ error, index }: Ranked): Html {
  return quantity(error, formatShare, `/learners/${index}/averageErrorRate`);
}

function difference({ behind }: Ranked, confidence: number): Html | undefined {
  if (behind === undefined) return undefined;
  const [more, low, high] = [behind.difference, behind.low, behind.high].map(formatPoints);
  return html` (${more} points more, ${confidence}% interval ${low} to ${high})`;
}
