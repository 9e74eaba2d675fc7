import { type Goal, quotient } from './goal.ts';
import { peerGoals } from './goals-peer.ts';
import { medianOf } from './machine-limits.ts';
import type { CaseResult, Results } from './results.ts';
import { runnerKinds } from './runner-list.ts';

const backends = ['tensorflow', 'wasm'] as const;
const threads = 2;

/** The goals that the cases of these results can be held to. */
export function goalsOf({ cases, endless, limits }: Results): Goal[] {
  const here = cases.filter((one) => one.threads === threads);
  const find = (id: string) => here.find((one) => one.case === id);
  if (!here.some(({ video }) => video !== undefined)) {
    return peerGoals(here, limits[String(threads)]);
  }
  const streams = backends.flatMap((backend) =>
    (
      [
        ['Ti', 1.4],
        ['S', 1.2],
        ['B', 1.2],
      ] as const
    ).map(([model, most]) => streamGoal(backend, model, most, find)),
  );
  const overJax = (backend: string, model: string, least: number) =>
    clipGoal(backend, model, 'a clip over JAX', { least }, 'x', find, (clip, runner) =>
      quotient(medianOf(clip, 'jax'), medianOf(clip, runner)),
    );
  const ofPeak = (backend: string, model: string, least: number, whose: string, peak?: number) =>
    clipGoal(
      backend,
      model,
      `a clip's share of ${whose} peak`,
      { least },
      '%',
      find,
      (clip, runner) => quotient(clip.limit.amount / 1e6, times(medianOf(clip, runner), peak)),
    );
  const product = find('matmul-2048');
  return [
    ...streams,
    overJax('tensorflow', 'Ti', 2),
    overJax('tensorflow', 'S', 2),
    overJax('tensorflow', 'B', 1.6),
    ofPeak(
      'tensorflow',
      'B',
      0.8,
      'the',
      peakOf(
        product,
        runnerKinds.map(({ id }) => id),
      ),
    ),
    ofPeak('wasm', 'S', 0.85, 'its own', peakOf(product, ['neverend-wasm'])),
    overJax('wasm', 'S', 1),
    ...(endless ?? []).map(
      (one): Goal => ({
        text: `${nameOf(one.runner)}, ${one.model}: frame ${one.frames} over frame ${one.early}`,
        value: one.late.milliseconds.median / one.first.milliseconds.median,
        bound: { most: 1.05 },
        unit: 'x',
        runner: one.runner,
        cases: [`${one.model.toLowerCase()}-stream`],
      }),
    ),
  ];
}

export function isMissed({ value, bound }: Goal): boolean {
  if (value === undefined) return false;
  return 'least' in bound ? value < bound.least : value > bound.most;
}

/** A table of the goals; nothing where there are none. */
export function goalsTable(goals: readonly Goal[]): string[] {
  if (goals.length === 0) return [];
  const shown = (value: number, unit: Goal['unit']) =>
    unit === '%' ? `${(100 * value).toFixed(0)} %` : `${value.toFixed(2)}x`;
  return [
    '',
    '| goal on two threads | wanted | measured | |',
    '| --- | ---: | ---: | --- |',
    ...goals.map((goal) => {
      const { text, value, bound, unit } = goal;
      const [word, limit] = 'least' in bound ? ['least', bound.least] : ['most', bound.most];
      const cells =
        value === undefined
          ? ['', 'not measured']
          : [shown(value, unit), isMissed(goal) ? '**missed**' : 'met'];
      return `| ${[text, `at ${word} ${shown(limit, unit)}`, ...cells].join(' | ')} |`;
    }),
  ];
}

type Find = (id: string) => CaseResult | undefined;

function streamGoal(backend: string, model: string, most: number, find: Find): Goal {
  const runner = `neverend-${backend}`;
  const cases = [`trecvit-${model.toLowerCase()}-stream`, `trecvit-${model.toLowerCase()}-clip`];
  const [stream, clip] = cases.map((id) => perFrame(find(id), runner));
  return {
    text: `${backend}, TRecViT-${model}: a frame of a stream over one of a clip`,
    value: quotient(stream, clip),
    bound: { most },
    unit: 'x',
    runner,
    cases,
  };
}

function clipGoal(
  backend: string,
  model: string,
  text: string,
  bound: Goal['bound'],
  unit: Goal['unit'],
  find: Find,
  measure: (clip: CaseResult, runner: string) => number | undefined,
): Goal {
  const runner = `neverend-${backend}`;
  const id = `trecvit-${model.toLowerCase()}-clip`;
  const clip = find(id);
  return {
    text: `${backend}, TRecViT-${model}: ${text}`,
    value: clip && measure(clip, runner),
    bound,
    unit,
    runner,
    cases: [id],
  };
}

/** Milliseconds a frame. */
export function perFrame(one: CaseResult | undefined, runner: string): number | undefined {
  return one && quotient(medianOf(one, runner), one.video?.frames);
}

/** GFLOP/s of the fastest run of these runners on the largest product. */
function peakOf(product: CaseResult | undefined, runners: readonly string[]): number | undefined {
  const least = runners.flatMap((id) => {
    const outcome = product?.outcomes[id];
    return outcome && 'milliseconds' in outcome ? outcome.milliseconds.min : [];
  });
  return product && least.length > 0 ? product.limit.amount / Math.min(...least) / 1e6 : undefined;
}

const times = (a: number | undefined, b: number | undefined) =>
  a === undefined || b === undefined ? undefined : a * b;

const nameOf = (runner: string) => runner.replace('neverend-', '');
