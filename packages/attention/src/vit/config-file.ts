import { described, NeverendError } from '@neverend/backend';
import type { InterpolationOptions } from '../learned-positions/interpolate.ts';
import type { MlpGelu } from '../mlp/index.ts';
import type { VitPart } from '../vit-checkpoint/arrays.ts';
import type { VitLayout, VitSizes } from '../vit-checkpoint/sizes.ts';
import type { VitPooling } from './config.ts';
import { timmDepth } from './timm-depth.ts';

/** What a config.json says that arrays do not. */
export interface ConfigFacts {
  readonly heads: number;
  readonly gelu: MlpGelu;
  readonly eps: number;
  /** Rows and columns of the images in pixels. */
  readonly image?: readonly [number, number] | undefined;
  /** Where it says so, if the positions must be of these. */
  readonly imageName?: string | undefined;
  readonly pooling?: VitPooling | undefined;
  readonly interpolation: InterpolationOptions;
  /** What it says of the arrays. */
  readonly claims: readonly (readonly [name: string, value: unknown, of: ClaimedSize])[];
  /** What it says that the arrays have. */
  readonly parts: readonly VitPart[];
}

/** What a file and arrays may both say. `outputs` are the classes where there is a head. */
type ClaimedSize =
  | Exclude<keyof VitSizes, 'heads' | 'tokens'>
  | 'outputs'
  | 'registers'
  | 'qkvBias';

type Json = Readonly<Record<string, unknown>>;

/** @throws NeverendError of the code NEVEREND_VIT_CONFIG naming what was wrong. */
export function refuse(name: string, value: unknown, wanted: string): never {
  const was = value === undefined ? 'not there' : described(value);
  throw new NeverendError('NEVEREND_VIT_CONFIG', `${name} was ${was}; it must be ${wanted}`);
}

export function objectOf(name: string, value: unknown): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  return refuse(name, value, 'an object');
}

/** A number of a file, or what its package has where the file says nothing. */
function numberOf(name: string, value: unknown, byDefault?: number): number {
  const number = value ?? byDefault;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  return refuse(name, value, 'a number');
}

/** Two sides, which files write as one where they are equal. */
export function sidesOf(name: string, value: unknown): readonly [number, number] {
  const sides = Array.isArray(value) ? value : [value, value];
  if (sides.length === 2 && sides.every((side) => Number.isInteger(side) && side > 0)) {
    return [sides[0], sides[1]];
  }
  return refuse(name, value, 'a positive integer or two');
}

/** A word of a file, and what it means here. */
export function meaningOf<T>(name: string, value: unknown, words: Readonly<Record<string, T>>): T {
  if (typeof value === 'string' && Object.hasOwn(words, value)) return words[value] as T;
  const choice = Object.keys(words).map((word) => JSON.stringify(word));
  return refuse(name, value, choice.join(' or '));
}

/** What the config.json of a layout says. @throws NeverendError of the code NEVEREND_VIT_CONFIG naming what cannot be taken. */
export function configFacts(layout: VitLayout, config: unknown, width: number): ConfigFacts {
  const json = objectOf('config', config);
  return layout === 'timm' ? ofTimm(json, width) : ofTransformers(json);
}

const bicubic: InterpolationOptions = { method: 'bicubic' };
const antialiased: InterpolationOptions = { method: 'bicubic', antialias: true };

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
    return ofTransformers({ ...vision, ...whole, model_type: tower, is_whole: true });
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
    ...claimsOfTransformers(json, String(json['model_type'])),
  };
}

function claimsOfTransformers(json: Json, type: string): Pick<ConfigFacts, 'claims' | 'parts'> {
  const [isDinov2, isClip] = [type.startsWith('dinov2'), type.startsWith('clip')];
  const kind = String(json['architectures'] ?? '');
  const isClassifier = kind.includes('ForImageClassification');
  const isProjected =
    isClip && (json['is_whole'] ? !/^CLIPVisionModel$/.test(kind) : /WithProjection/.test(kind));
  const labels = json['id2label'];
  const count =
    json['num_labels'] ??
    (labels == null ? undefined : Object.keys(objectOf('config.id2label', labels)).length);
  // Dinov2's MLPs are as wide as their ratio says.
  const mlp = isDinov2 ? undefined : json['intermediate_size'];
  const parts: readonly (readonly [VitPart, boolean])[] = [
    ['head', isClassifier || isProjected],
    ['headDist', kind.includes('WithTeacher')],
    ['registers', type.endsWith('registers') && json['num_register_tokens'] !== 0],
    ['pool', type.startsWith('siglip') && !isClassifier && json['vision_use_head'] !== false],
  ];
  return {
    claims: [
      ['config.hidden_size', json['hidden_size'], 'width'],
      ['config.num_hidden_layers', json['num_hidden_layers'], 'depth'],
      ['config.patch_size', sideOf(json['patch_size']), 'patch'],
      ['config.num_channels', json['num_channels'], 'channels'],
      ['config.intermediate_size', mlp, 'mlpWidth'],
      ['config.num_labels', isClip ? undefined : count, 'outputs'],
      ['config.projection_dim', isClip ? json['projection_dim'] : undefined, 'outputs'],
      ['config.qkv_bias', json['qkv_bias'], 'qkvBias'],
      [
        'config.num_register_tokens',
        type.endsWith('registers') ? json['num_register_tokens'] : undefined,
        'registers',
      ],
    ],
    parts: parts.flatMap(([part, isThere]) => (isThere ? [part] : [])),
  };
}

/** The side of a square, which files also write as two. */
const sideOf = (value: unknown): unknown =>
  Array.isArray(value) && value.length === 2 && value[0] === value[1] ? value[0] : value;

/** timm's files have an architecture's name, what was changed of it, and how pictures become images. */
function ofTimm(json: Json, width: number): ConfigFacts {
  const { architecture } = json;
  if (typeof architecture !== 'string')
    return refuse('config.architecture', architecture, 'a name');
  // Their norms come after attention and the MLP, which no array shows.
  if (architecture.includes('_rpn_'))
    refuse('config.architecture', architecture, 'of blocks whose norms come first');
  if (!/^(vit|deit3?|beit3|eva|flexivit|test)_/.test(architecture))
    refuse(
      'config.architecture',
      architecture,
      'a vision transformer, such as "vit_base_patch16_224"',
    );
  const changed = objectOf('config.model_args', json['model_args'] ?? {});
  for (const [name, value] of Object.entries(changed)) {
    if (!arguments_.test(name)) refuse(`config.model_args.${name}`, value, 'left out');
  }
  const cfg = objectOf('config.pretrained_cfg', json['pretrained_cfg'] ?? json);
  if (changed['pool_include_prefix'] === true)
    refuse('config.model_args.pool_include_prefix', true, 'false');
  if (changed['norm_layer'] !== undefined)
    meaningOf('config.model_args.norm_layer', changed['norm_layer'], { layernorm: true });
  const size = cfg['input_size'];
  const image = changed['img_size'] ?? (Array.isArray(size) ? size.slice(1) : undefined);
  const pool = changed['global_pool'] ?? json['global_pool'];
  return {
    heads: numberOf(
      'config.model_args.num_heads',
      changed['num_heads'],
      timmHeads(architecture, width),
    ),
    gelu:
      changed['act_layer'] === undefined
        ? timmGelu(architecture)
        : meaningOf('config.model_args.act_layer', changed['act_layer'], {
            ...{ gelu: 'erf', gelu_tanh: 'tanh', quick_gelu: 'quick' },
          } as const),
    eps: /_clip_|^beit3/.test(architecture) ? 1e-5 : 1e-6,
    image: image === undefined ? undefined : sidesOf('config.model_args.img_size', image),
    // Files of models of another size may have the images of what they were made of.
    imageName: changed['img_size'] === undefined ? undefined : 'config.model_args.img_size',
    pooling:
      pool === undefined
        ? undefined
        : meaningOf('config.global_pool', pool, {
            token: 'first',
            avg: 'average',
            map: 'attention',
          } as const),
    interpolation: antialiased,
    ...claimsOfTimm(architecture, json, changed, width),
  };
}

/** What timm's models take that arrays show, that is read here, or that is of training alone. */
const arguments_ =
  /^(img_size|patch_size|in_chans|num_classes|global_pool|embed_dim|depth|num_heads|mlp_ratio|qkv_bias|qk_norm|proj_bias|init_values|class_token|no_embed_class|reg_tokens|pre_norm|final_norm|fc_norm|pool_include_prefix|dynamic_img_size|strict_img_size|norm_layer|act_layer|weight_init|fix_init|\w*drop\w*)$/;

function claimsOfTimm(
  architecture: string,
  json: Json,
  changed: Json,
  width: number,
): Pick<ConfigFacts, 'claims' | 'parts'> {
  const classes = json['num_classes'] ?? changed['num_classes'];
  const [, registers] = /_reg(\d+)/.exec(architecture) ?? [];
  const cfg = objectOf('config.pretrained_cfg', json['pretrained_cfg'] ?? json);
  const size = cfg['input_size'];
  const channels = changed['in_chans'] === undefined && Array.isArray(size) ? size[0] : undefined;
  const isDistilled = architecture.includes('_distilled');
  const parts: readonly (readonly [VitPart, boolean])[] = [
    ['head', typeof classes === 'number' && classes > 0],
    ['dist', isDistilled],
    ['headDist', isDistilled && typeof classes === 'number' && classes > 0],
    ['registers', (changed['reg_tokens'] ?? registers ?? 0) !== 0],
    ['layerScales', /^deit3|_dinov2/.test(architecture)],
  ];
  return {
    claims: [
      ['config.num_features', json['num_features'], 'width'],
      ['config.num_classes', classes, 'classes'],
      ['config.model_args.embed_dim', changed['embed_dim'], 'width'],
      ['config.model_args.depth', changed['depth'], 'depth'],
      ['config.model_args.patch_size', sideOf(changed['patch_size']), 'patch'],
      ['config.model_args.in_chans', changed['in_chans'], 'channels'],
      ['config.pretrained_cfg.input_size', channels, 'channels'],
      ['config.model_args.qkv_bias', changed['qkv_bias'], 'qkvBias'],
      [
        'config.model_args.reg_tokens',
        changed['reg_tokens'] ?? (registers && Number(registers)),
        'registers',
      ],
      [
        `the depth of ${architecture}`,
        changed['depth'] === undefined ? timmDepth(architecture, width) : undefined,
        'depth',
      ],
    ],
    parts: parts.flatMap(([part, isThere]) => (isThere ? [part] : [])),
  };
}

/** Heads of 64 numbers but for the largest, for two of one width, and for small models of timm's own tests. */
function timmHeads(architecture: string, width: number): number {
  if (architecture === 'vit_base_patch16_gap_224' || architecture.includes('giantopt')) return 16;
  if ([1152, 1280, 1408, 1664].includes(width)) return 16;
  return /^test_vit/.test(architecture) ? width / 32 : width / 64;
}

function timmGelu(architecture: string): MlpGelu {
  if (architecture.includes('quickgelu')) return 'quick';
  // Those of SigLIP 2 that it made for that.
  return /^vit_(base_patch32|giantopt_patch16|so400m_patch16|large_patch16(?=_siglip_(gap_)?512))_siglip/.test(
    architecture,
  )
    ? 'tanh'
    : 'erf';
}
