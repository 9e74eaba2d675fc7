import { type BackendName, checkObject, checkOneOf, checkOptions } from '@neverend/backend';
import { type Backbone, pixelBackbone, type VitOptions, vitBackbone } from './learners/backbone.ts';
import type { SearchSettings } from './learners/search-task.ts';
import { finetunePreviousLearner, independentLearner } from './learners/transfer-learner.ts';
import type { Learner, Split } from './types.ts';

/** How a learner of the command line is made. */
export interface LearnerSettings {
  readonly name: string;
  readonly title: string;
  readonly rule: 'independent' | 'finetune-previous';
  readonly backbone:
    | ({ readonly kind: 'vit' } & VitOptions)
    | { readonly kind: 'pixels'; readonly imageSize: number };
  readonly search: SearchSettings;
}

/** Which part of the embedded stream a run goes through. */
export interface StreamSettings {
  readonly name: 'nevis-open';
  readonly predictSplits: readonly Split[];
  /** Most examples per split: a fixed prefix of each. */
  readonly limit: { readonly train: number; readonly dev: number; readonly eval: number };
  /** `shuffled` is the control: labels of `train` and `dev` in random order, so that nothing can be learned. */
  readonly labels: 'true' | 'shuffled';
}

/** Everything that decides the result of a run of the command line, but the device. */
export interface RunSettings {
  readonly preset: string;
  readonly seed: number;
  readonly backend: 'auto' | BackendName;
  readonly stream: StreamSettings;
  readonly learners: readonly LearnerSettings[];
}

const make = { independent: independentLearner, 'finetune-previous': finetunePreviousLearner };

/** Whether the settings that a run has kept are those of a learner of this package, and not of a program's own. */
export function isSettings({ rule, backbone, search }: Partial<LearnerSettings>): boolean {
  const isKnown = backbone?.kind === 'vit' || backbone?.kind === 'pixels';
  return rule !== undefined && Object.hasOwn(make, rule) && isKnown && search !== undefined;
}

/**
 * @throws TypeError for a setting that there is not, RangeError or ShapeError naming the first that is not one of its values.
 */
export function createLearner(settings: LearnerSettings): Learner {
  checkOptions('createLearner', settings, ['name', 'title', 'rule', 'backbone', 'search']);
  const { rule, backbone, ...options } = settings;
  checkOneOf('rule', rule, Object.keys(make) as (keyof typeof make)[]);
  return make[rule]({ ...options, backbone: createBackbone(backbone) });
}

function createBackbone(settings: LearnerSettings['backbone']): Backbone {
  checkObject('backbone', settings, 'with its kind and sizes');
  checkOneOf('backbone.kind', settings.kind, ['vit', 'pixels']);
  if (settings.kind === 'pixels') {
    checkOptions('backbone', settings, ['kind', 'imageSize']);
    return pixelBackbone(settings.imageSize);
  }
  const { kind: _, ...sizes } = settings;
  return vitBackbone(sizes);
}
