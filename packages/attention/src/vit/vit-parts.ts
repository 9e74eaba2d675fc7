import { type FoundVit, refusal } from '../vit-checkpoint/arrays.ts';
import { hasLayer, headNameOf } from '../vit-checkpoint/head.ts';
import { styleOf } from '../vit-checkpoint/style.ts';
import { booleanOf, refuse } from './file-values.ts';

/** Parts that some models of a package have. */
export type VitPart =
  | 'head'
  | 'headDist'
  | 'cls'
  | 'dist'
  | 'registers'
  | 'preNorm'
  | 'norm'
  | 'fcNorm'
  | 'pool'
  | 'layerScales'
  | 'qkvBias'
  | 'projBias'
  | 'qkNorms';

/** That arrays must have a part, or must not: then also what says so, and what it must be where they have it. */
export type PartClaim =
  | { readonly part: VitPart; readonly isThere: true }
  | {
      readonly part: VitPart;
      readonly isThere: boolean;
      readonly name: string;
      readonly value: unknown;
      readonly wanted: string;
    };

/** Which of transformers' types of models a vision transformer is of, and what config.json calls the model that has it. */
export interface ModelClaim {
  readonly type: string;
  readonly name: unknown;
}

/** What a file says of a part with true or false. */
export const option = (part: VitPart, name: string, value: unknown): PartClaim => ({
  ...{ part, isThere: booleanOf(name, value), name, value, wanted: 'true' },
});

/** @throws NeverendError naming the first part that is missing, or that config.json says is not there. */
export function checkParts(found: FoundVit, depth: number, claims: readonly PartClaim[]): void {
  const { arrays, names, inFile } = found;
  for (const claim of claims) {
    const all = entriesOf(found, claim.part, claims);
    const there = all
      .flatMap((name) =>
        name.includes('#')
          ? Array.from({ length: depth }, (_, index) => name.replace('#', `${index}`))
          : [name],
      )
      .find((name) => arrays.has(name));
    const [first] = all;
    if (claim.isThere && there === undefined && first !== undefined) {
      const missing = inFile(first.replace('#', '0'));
      throw refusal(names.layout, `: ${missing} is missing, which config says that it has`);
    }
    if (!claim.isThere && there !== undefined)
      refuse(claim.name, claim.value, `${claim.wanted}, since arrays has ${inFile(there)}`);
  }
}

/** What a package calls entries of a part, with `#` for a block's number. */
function entriesOf(
  { arrays, names }: FoundVit,
  part: VitPart,
  claims: readonly PartClaim[],
): readonly string[] {
  const { kernel, bias, scale } = styleOf(names);
  const below = (name: string) => `${names.block}${names.layout === 'flax' ? '/' : '.'}${name}`;
  const some = (name: string | undefined, of: (layer: string) => string) =>
    name === undefined ? [] : [of(name)];
  switch (part) {
    case 'head': {
      const isBeside =
        hasLayer(arrays, names, names.headDist) || claims.some((one) => one.part === 'headDist');
      return some(headNameOf(arrays, names, isBeside), kernel);
    }
    case 'headDist':
      return some(names.headDist, kernel);
    case 'cls':
    case 'dist':
    case 'registers':
      return names.tokens[part] ?? [];
    case 'preNorm':
    case 'norm':
    case 'fcNorm':
      return some(names[part], scale);
    case 'pool':
      return some(names.pool?.probe, (probe) => probe);
    case 'layerScales':
      return (names.layerScales ?? []).flat().map(below);
    case 'qkvBias':
      return names.projections.map(([name]) => bias(below(name)));
    case 'projBias':
      return [names.out, ...names.dense].map((name) => bias(below(name)));
    case 'qkNorms':
      return (names.qkNorms ?? []).map((name) => scale(below(name)));
  }
}

/** How many registers arrays have. */
export function registersIn({ arrays, names }: FoundVit): number {
  const name = names.tokens.registers?.find((one) => arrays.has(one)) ?? '';
  return arrays.get(name)?.shape.at(-2) ?? 0;
}

/** @throws NeverendError where transformers' models of a type have other arrays. */
export function checkModel(found: FoundVit, model: ModelClaim): void {
  const { arrays, names } = found;
  const has = (token: 'cls' | 'dist' | 'registers') =>
    names.tokens[token]?.some((name) => arrays.has(name));
  // What a model type has that it shares its other names with.
  const own: Readonly<Record<string, boolean>> = {
    ...(has('dist') ? { deit: true } : {}),
    ...(has('registers') ? { dinov2_with_registers: true } : {}),
  };
  const models = (names.models ?? [])
    .filter((type) => Object.keys(own).length === 0 || own[type])
    .filter((type) => type !== 'ijepa' || !has('cls'));
  if (!models.includes(model.type)) {
    const wanted = models.map((type) => JSON.stringify(type)).join(' or ');
    refuse('config.model_type', model.name, `${wanted}, as the names in arrays are`);
  }
}
