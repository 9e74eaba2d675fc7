import type { InterpolationOptions } from '../learned-positions/interpolate.ts';
import type { MlpGelu } from '../mlp/index.ts';
import type { VitLayout } from '../vit-checkpoint/sizes.ts';
import type { ConfigFacts } from './config-facts.ts';
import { type Json, meaningOf, numberOf, objectOf, sideOf, sidesOf } from './file-values.ts';
import { antialiased, ofTimm } from './timm-config.ts';
import { checkTimmKind } from './timm-kinds.ts';
import { option, type PartClaim, type VitPart } from './vit-parts.ts';

/** What the config.json of a layout says. @throws NeverendError of the code NEVEREND_VIT_CONFIG naming what cannot be taken. */
export function configFacts(layout: VitLayout, config: unknown, width: number): ConfigFacts {
  const json = objectOf('config', config);
  return layout === 'timm' ? ofTimm(json, width) : ofTransformers(json);
}

/** @throws NeverendError of the code NEVEREND_VIT_CONFIG naming a kind of model that is not read, before its arrays are looked at. */
export function checkKind(config: unknown): void {
  const { architecture, model_type } = objectOf('config', config);
  if (architecture !== undefined) checkTimmKind(architecture);
  else if (model_type !== undefined)
    meaningOf('config.model_type', model_type, { ...families, ...towers });
}

const bicubic: InterpolationOptions = { method: 'bicubic' };

/** The names that transformers has for forms of GELU. */
const activations: Readonly<Record<string, MlpGelu>> = {
  gelu: 'erf',
  gelu_python: 'erf',
  gelu_new: 'tanh',
  gelu_fast: 'tanh',
  gelu_pytorch_tanh: 'tanh',
  quick_gelu: 'quick',
};

/** What its classes of configurations have where a file says nothing. */
interface Family {
  readonly activation: string;
  readonly eps: number;
  readonly image: number;
  readonly interpolation: InterpolationOptions;
}

const vit: Family = { activation: 'gelu', eps: 1e-12, image: 224, interpolation: bicubic };
const dinov2: Family = { ...vit, eps: 1e-6 };
const families: Readonly<Record<string, Family>> = {
  vit,
  deit: vit,
  vit_mae: vit,
  ijepa: vit,
  vit_msn: dinov2,
  dinov2,
  dinov2_with_registers: { ...dinov2, interpolation: antialiased },
  siglip_vision_model: { ...dinov2, activation: 'gelu_pytorch_tanh' },
  clip_vision_model: { ...vit, activation: 'quick_gelu', eps: 1e-5 },
};
const towers: Readonly<Record<string, string>> = {
  siglip: 'siglip_vision_model',
  clip: 'clip_vision_model',
};

function ofTransformers(json: Json): ConfigFacts {
  const tower = towers[String(json['model_type'])];
  if (tower !== undefined) {
    const {
      id2label: _,
      num_labels: __,
      ...vision
    } = objectOf('config.vision_config', json['vision_config'] ?? {});
    const { architectures = [tower], id2label, num_labels, projection_dim } = json;
    const whole = { architectures, id2label, num_labels, projection_dim };
    return ofTransformers({ ...vision, ...whole, model_type: tower, whole: json['model_type'] });
  }
  const family = meaningOf('config.model_type', json['model_type'], families);
  meaningOf('config.pooler_act', json['pooler_act'] ?? 'tanh', { tanh: true });
  return {
    heads: numberOf('config.num_attention_heads', json['num_attention_heads'], 12),
    gelu: meaningOf('config.hidden_act', json['hidden_act'] ?? family.activation, activations),
    eps: numberOf('config.layer_norm_eps', json['layer_norm_eps'], family.eps),
    image: sidesOf('config.image_size', json['image_size'] ?? family.image),
    imageName: json['image_size'] === undefined ? undefined : 'config.image_size',
    interpolation: family.interpolation,
    model: { name: json['whole'] ?? json['model_type'], type: String(json['model_type']) },
    ...claimsOfTransformers(json, String(json['model_type'])),
  };
}

function claimsOfTransformers(json: Json, type: string): Pick<ConfigFacts, 'claims' | 'parts'> {
  const [isDinov2, isClip] = [type.startsWith('dinov2'), type.startsWith('clip')];
  const kind = String(json['architectures'] ?? '');
  const isClassifier = kind.includes('ForImageClassification');
  const isProjected =
    isClip && (json['whole'] ? !/^CLIPVisionModel$/.test(kind) : /WithProjection/.test(kind));
  const labels = json['id2label'];
  const count =
    json['num_labels'] ??
    (labels == null ? undefined : Object.keys(objectOf('config.id2label', labels)).length);
  const hidden = isDinov2 ? dinov2Width(json) : json['intermediate_size'];
  const mlpName = isDinov2 ? 'config.mlp_ratio times the width' : 'config.intermediate_size';
  const { qkv_bias = true, vision_use_head = true } = json;
  const { num_register_tokens, projection_dim: projection } = json;
  const hasRegisters = type.endsWith('registers');
  const [isDeit, isSiglip] = [type === 'deit', type.startsWith('siglip')];
  const has = (part: VitPart, isThere: boolean): readonly PartClaim[] =>
    isThere ? [{ part, isThere }] : [];
  const parts: readonly PartClaim[] = [
    ...has('head', isClassifier || isProjected),
    ...has('headDist', kind.includes('WithTeacher')),
    ...has('cls', !isSiglip && type !== 'ijepa'),
    ...has('dist', isDeit),
    ...has('registers', hasRegisters && num_register_tokens !== 0),
    ...(isSiglip && !isClassifier
      ? [option('pool', 'config.vision_use_head', vision_use_head)]
      : []),
    ...(isSiglip || isClip ? [] : [option('qkvBias', 'config.qkv_bias', qkv_bias)]),
  ];
  return {
    claims: [
      ['config.hidden_size', json['hidden_size'], 'width'],
      ['config.num_hidden_layers', json['num_hidden_layers'], 'depth'],
      ['config.patch_size', sideOf(json['patch_size']), 'patch'],
      ['config.num_channels', json['num_channels'], 'channels'],
      [mlpName, hidden, 'mlpWidth'],
      ['config.num_labels', isClip && !isClassifier ? undefined : count, 'outputs'],
      ['config.projection_dim', isClip && !isClassifier ? projection : undefined, 'outputs'],
      ['config.num_register_tokens', hasRegisters ? num_register_tokens : undefined, 'registers'],
    ],
    parts,
  };
}

/** How wide Dinov2's MLPs are by their ratio, if it is said; SwiGLU's first layer has two halves of two thirds, in eights. */
function dinov2Width(json: Json): number | undefined {
  const { mlp_ratio: ratio, hidden_size: width, use_swiglu_ffn } = json;
  if (ratio === undefined || typeof width !== 'number') return undefined;
  const wide = Math.trunc(width * numberOf('config.mlp_ratio', ratio));
  return use_swiglu_ffn === true ? 16 * Math.floor((Math.trunc((wide * 2) / 3) + 7) / 8) : wide;
}
