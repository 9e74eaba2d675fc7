import type { ReportBackend } from '../report/index.ts';
import type { Json, Learner } from '../types.ts';

/** What a run is a function of: `config.json` in its folder. */
export interface RunConfig {
  readonly preset: string;
  readonly seed: number;
  readonly backend: ReportBackend;
  readonly stream: Json;
  readonly learners: readonly Pick<Learner, 'name' | 'title' | 'settings'>[];
}
