import type { ReportBackend } from '../report/index.ts';
import type { Json, Learner } from '../types.ts';

/** The preset of settings that a program made itself. */
export const customPreset = 'custom';

/** What a run is a function of: `config.json` in its folder. */
export interface RunConfig {
  /** Version of the layout of a run's folder. */
  readonly schema: 1;
  /** What made the run; another version may get other numbers, and does not go on with it. */
  readonly program: string;
  readonly preset: string;
  readonly seed: number;
  readonly backend: ReportBackend;
  readonly stream: Json;
  readonly learners: readonly Pick<Learner, 'name' | 'title' | 'settings'>[];
}
