import type { InterpolationOptions } from '../learned-positions/interpolate.ts';
import type { MlpGelu } from '../mlp/index.ts';
import type { ConfigFacts } from './config-facts.ts';
import {
  booleanOf,
  type Json,
  meaningOf,
  numberOf,
  objectOf,
  refuse,
  sideOf,
  sidesOf,
} from './file-values.ts';
import { timmDepth } from './timm-depth.ts';
import { checkTimmKind } from './timm-kinds.ts';
import { option, type PartClaim, type VitPart } from './vit-parts.ts';

export const antialiased: InterpolationOptions = { method: 'bicubic', antialias: true };

const poolings = { token: 'first', avg: 'average', map: 'attention' } as const;

/** timm's files have an architecture's name, what was changed of it, and how pictures become images. */
export function ofTimm(json: Json, width: number): ConfigFacts {
  const { architecture } = json;
  checkTimmKind(architecture);
  // What is null is as the architecture has it.
  const changed = Object.fromEntries(
    Object.entries(objectOf('config.model_args', json['model_args'] ?? {})).filter(
      ([, value]) => value !== null,
    ),
  );
  for (const [name, value] of Object.entries(changed)) {
    if (!arguments_.test(name)) refuse(`config.model_args.${name}`, value, 'left out');
  }
  const cfg = objectOf('config.pretrained_cfg', json['pretrained_cfg'] ?? json);
  if (changed['norm_layer'] !== undefined)
    meaningOf('config.model_args.norm_layer', changed['norm_layer'], { layernorm: true });
  const size = cfg['input_size'];
  const image = changed['img_size'] ?? (Array.isArray(size) ? size.slice(1) : undefined);
  const { parts, pooling } = partsOfTimm(architecture, json, changed);
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
    // A norm that is said has timm's own epsilon.
    eps: architecture.includes('_clip_') && changed['norm_layer'] === undefined ? 1e-5 : 1e-6,
    image: image === undefined ? undefined : sidesOf('config.model_args.img_size', image),
    // Files of models of another size may have the images of what they were made of.
    imageName: changed['img_size'] === undefined ? undefined : 'config.model_args.img_size',
    pooling,
    interpolation: antialiased,
    claims: claimsOfTimm(architecture, json, changed, width),
    parts,
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
): ConfigFacts['claims'] {
  const cfg = objectOf('config.pretrained_cfg', json['pretrained_cfg'] ?? json);
  const size = cfg['input_size'];
  const channels = changed['in_chans'] === undefined && Array.isArray(size) ? size[0] : undefined;
  const ratio = changed['mlp_ratio'];
  const [, registers] = /_reg(\d+)/.exec(architecture) ?? [];
  return [
    ['config.num_features', json['num_features'], 'width'],
    ['config.num_classes', json['num_classes'] ?? changed['num_classes'], 'classes'],
    ['config.model_args.embed_dim', changed['embed_dim'], 'width'],
    ['config.model_args.depth', changed['depth'], 'depth'],
    ['config.model_args.patch_size', sideOf(changed['patch_size']), 'patch'],
    ['config.model_args.in_chans', changed['in_chans'], 'channels'],
    ['config.pretrained_cfg.input_size', channels, 'channels'],
    [
      'config.model_args.mlp_ratio times the width',
      ratio === undefined
        ? undefined
        : Math.trunc(width * numberOf('config.model_args.mlp_ratio', ratio)),
      'mlpWidth',
    ],
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
  ];
}

/** What timm's functions give its models where they say more than its class. `init_values` stand for any. */
function argumentsOf(architecture: string): Json {
  const has = (names: RegExp) => names.test(architecture);
  const pooled = has(/_siglip_|_map_|^test_vit3/) ? 'map' : 'token';
  return {
    global_pool: has(/_gap_|^eva|^test_vit2/) ? 'avg' : pooled,
    class_token: !has(/_gap_|_siglip_|_map_|^test_vit[23]/),
    reg_tokens: has(/_reg\d|^test_vit[23]/) ? 1 : 0,
    qkv_bias: !has(/_miil|_(betwixt|medium)_patch16_gap|_so150m2_/),
    proj_bias: true,
    qk_norm: false,
    init_values: has(
      /^deit3|_dinov2|_tipsv2|_intern300m|_plus_\d|_36x1|_(betwixt|medium|mediumd|little|wee|so150m2)_\w*_gap|^test_vit[23]/,
    )
      ? 1
      : null,
    pre_norm: has(/_clip_/),
    final_norm: !has(/_intern300m/),
    pool_include_prefix: has(/^test_vit3/),
    fc_norm: has(/_so150m_|_gap_/) && !has(/(?<!_so150m_patch16)_reg\d+_gap/) ? false : null,
  };
}

/** What arrays must and must not have, and the pooling. */
function partsOfTimm(
  architecture: string,
  json: Json,
  changed: Json,
): { readonly parts: readonly PartClaim[]; readonly pooling: ConfigFacts['pooling'] } {
  const byDefault = argumentsOf(architecture);
  const said = (name: string): { readonly name: string; readonly value: unknown } =>
    Object.hasOwn(changed, name)
      ? { name: `config.model_args.${name}`, value: changed[name] }
      : { name: `${name} of ${architecture}`, value: byDefault[name] };
  const flag = (name: string) => booleanOf(said(name).name, said(name).value);
  const prefixed = said('pool_include_prefix');
  if (booleanOf(prefixed.name, prefixed.value)) refuse(prefixed.name, true, 'false');
  const made = said('global_pool');
  const pool =
    Object.hasOwn(changed, 'global_pool') || json['global_pool'] === undefined
      ? made
      : { name: 'config.global_pool', value: json['global_pool'] };
  const pooling = meaningOf(pool.name, pool.value, poolings);
  const { value: fcNorm } = said('fc_norm');
  const isLast = fcNorm == null ? made.value === 'avg' : flag('fc_norm');
  // Where a pooling was chosen later, only those norms are certain that are said themselves.
  const isCertain = fcNorm != null || made.value === pool.value;
  const classes = json['num_classes'] ?? changed['num_classes'];
  const hasHead = typeof classes === 'number' && classes > 0;
  const isDistilled = architecture.includes('_distilled');
  const of = (part: VitPart, name: string) => option(part, said(name).name, said(name).value);
  const isNormed = flag('final_norm');
  const why = said(isNormed ? 'fc_norm' : 'final_norm');
  const norms: readonly PartClaim[] = [
    { part: 'norm', isThere: isNormed && !isLast, ...why, wanted: String(!isNormed) },
    { part: 'fcNorm', isThere: isNormed && isLast, ...why, wanted: 'true' },
  ];
  return {
    pooling,
    parts: [
      ...(hasHead ? [{ part: 'head', isThere: true } as const] : []),
      {
        ...{ part: 'dist', isThere: isDistilled, name: 'config.architecture' },
        ...{ value: architecture, wanted: 'a distilled one' },
      },
      ...(isDistilled && hasHead ? [{ part: 'headDist', isThere: true } as const] : []),
      of('cls', 'class_token'),
      {
        ...{ part: 'registers', isThere: Boolean(said('reg_tokens').value) },
        ...said('reg_tokens'),
        wanted: 'their number',
      },
      of('preNorm', 'pre_norm'),
      of('qkvBias', 'qkv_bias'),
      of('projBias', 'proj_bias'),
      of('qkNorms', 'qk_norm'),
      {
        part: 'layerScales',
        isThere: Boolean(said('init_values').value),
        ...said('init_values'),
        wanted: 'a number',
      },
      { part: 'pool', isThere: pooling === 'attention', ...pool, wanted: '"map"' },
      ...(isCertain ? norms : []),
    ],
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
