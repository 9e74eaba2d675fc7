import type { VitLayout } from './sizes.ts';

/** A projection's name and the parameters whose rows lie one below the other in it. */
type Projection = readonly [name: string, parts: readonly string[]];

/** How a package names the layers of attention and an MLP. */
export interface LayerNames {
  readonly projections: readonly Projection[];
  readonly out: string;
  readonly dense: readonly [string, string];
}

/**
 * How a package names the entries of a vision transformer. Of a linear layer or a norm it is what comes before `.weight`, `/kernel`
 * and so on. Of lists the first one counts that a checkpoint has. What is optional here is optional in the package.
 */
export interface VitNames extends LayerNames {
  readonly layout: VitLayout;
  readonly embedding: string;
  /** Tokens before the patches, in their order, by the parameters that they become. */
  readonly tokens: Readonly<Partial<Record<'cls' | 'dist' | 'registers', readonly string[]>>>;
  readonly positions: readonly string[];
  /** Whether there may be none of these, since they are sines and cosines. */
  readonly hasSincos?: boolean;
  /** Whether class token and positions are without axes of 1 before theirs. */
  readonly isFlat?: boolean;
  readonly preNorm?: string;
  /** With `#` for a block's number; the names of a block's layers are below it. */
  readonly block: string;
  readonly norms: readonly [string, string];
  /** Whether queries, keys and values have biases always. */
  readonly hasBiases?: boolean;
  readonly layerScales?: readonly (readonly [string, string])[];
  readonly qkNorms?: readonly [string, string];
  /** The norm after the blocks. May be left out where there is `fcNorm`. */
  readonly norm?: string;
  /** The norm of what was pooled. */
  readonly fcNorm?: string;
  readonly pool?: LayerNames & { readonly probe: string; readonly norm: string };
  readonly preLogits?: string;
  readonly head?: readonly string[];
  readonly headDist?: string;
  /** Of the heads the one that takes the average of patches without `fcNorm`. */
  readonly averageHead?: string;
  /** The `model_type`s of transformers that have these names. */
  readonly models?: readonly string[];
  /** What a checkpoint may have that is no part of the vision transformer. */
  readonly ignored: RegExp;
}

const three = (name: (part: 'query' | 'key' | 'value') => string): Projection[] =>
  (['query', 'key', 'value'] as const).map((part) => [name(part), [part]]);

const flaxAttention = (name: string) => ({
  projections: three((part) => `${name}/${part}`),
  out: `${name}/out`,
  qkNorms: [`${name}/query_ln`, `${name}/key_ln`] as const,
});

const flaxDense = (name: string) => [`${name}/Dense_0`, `${name}/Dense_1`] as const;

/** github.com/google-research/big_vision, and vision_transformer in its latest version. */
const bigVision: VitNames = {
  layout: 'flax',
  embedding: 'embedding',
  tokens: { cls: ['cls'] },
  positions: [
    'pos_embedding',
    'Transformer/pos_embedding',
    'Transformer/posembed_input/pos_embedding',
  ],
  hasSincos: true,
  block: 'Transformer/encoderblock_#',
  norms: ['LayerNorm_0', 'LayerNorm_1'],
  ...flaxAttention('MultiHeadDotProductAttention_0'),
  dense: flaxDense('MlpBlock_0'),
  norm: 'Transformer/encoder_norm',
  pool: {
    probe: 'MAPHead_0/probe',
    ...flaxAttention('MAPHead_0/MultiHeadDotProductAttention_0'),
    norm: 'MAPHead_0/LayerNorm_0',
    dense: flaxDense('MAPHead_0/MlpBlock_0'),
  },
  preLogits: 'pre_logits',
  head: ['head'],
  ignored: /^((params\/)?(txt\/|[tb]$)|opt\/|extra\/)/,
};

/** What github.com/google-research/vision_transformer has, as flax called its modules when its files were made. */
const numbered: VitNames = {
  ...bigVision,
  positions: ['Transformer/posembed_input/pos_embedding', 'Transformer/pos_embedding'],
  hasSincos: false,
  norms: ['LayerNorm_0', 'LayerNorm_2'],
  ...flaxAttention('MultiHeadDotProductAttention_1'),
  dense: flaxDense('MlpBlock_3'),
};

const timm: VitNames = {
  layout: 'timm',
  embedding: 'patch_embed.proj',
  tokens: { cls: ['cls_token'], dist: ['dist_token'], registers: ['reg_token', 'register_tokens'] },
  positions: ['pos_embed'],
  preNorm: 'norm_pre',
  block: 'blocks.#',
  norms: ['norm1', 'norm2'],
  projections: [['attn.qkv', ['query', 'key', 'value']]],
  out: 'attn.proj',
  dense: ['mlp.fc1', 'mlp.fc2'],
  layerScales: [
    ['ls1.gamma', 'ls2.gamma'],
    ['gamma_1', 'gamma_2'],
  ],
  qkNorms: ['attn.q_norm', 'attn.k_norm'],
  norm: 'norm',
  fcNorm: 'fc_norm',
  pool: {
    probe: 'attn_pool.latent',
    projections: [
      ['attn_pool.q', ['query']],
      ['attn_pool.kv', ['key', 'value']],
    ],
    out: 'attn_pool.proj',
    norm: 'attn_pool.norm',
    dense: ['attn_pool.mlp.fc1', 'attn_pool.mlp.fc2'],
  },
  preLogits: 'pre_logits.fc',
  head: ['head'],
  headDist: 'head_dist',
  ignored: /^(mask_token$|decoder_)/,
};

const separate = (parts: string) => three((part) => `${parts}${part[0]}_proj`);

/** ViTModel, DeiTModel, ViTMAEModel, ViTMSNModel and IJepaModel, as transformers saves them. */
const vit: VitNames = {
  layout: 'transformers',
  embedding: 'embeddings.patch_embeddings.projection',
  tokens: {
    cls: ['embeddings.cls_token'],
    dist: ['embeddings.distillation_token'],
    registers: ['embeddings.register_tokens'],
  },
  positions: ['embeddings.position_embeddings'],
  block: 'encoder.layer.#',
  norms: ['layernorm_before', 'layernorm_after'],
  projections: three((part) => `attention.attention.${part}`),
  out: 'attention.output.dense',
  dense: ['intermediate.dense', 'output.dense'],
  norm: 'layernorm',
  preLogits: 'pooler.dense',
  head: ['classifier', 'cls_classifier'],
  headDist: 'distillation_classifier',
  models: ['vit', 'deit', 'vit_mae', 'vit_msn', 'ijepa'],
  ignored:
    /^(embeddings\.(mask_token|position_ids)$|decoder\.|text_model\.|text_projection\.|logit_(scale|bias)$)/,
};

const inMemory = { projections: separate('attention.'), out: 'attention.o_proj' };

/** The same in the memory of transformers 5. */
const vit5: VitNames = {
  ...vit,
  block: 'layers.#',
  ...inMemory,
  dense: ['mlp.fc1', 'mlp.fc2'],
};

/** Dinov2Model and Dinov2WithRegistersModel, as transformers saves them. */
const dinov2: VitNames = {
  ...vit,
  norms: ['norm1', 'norm2'],
  dense: ['mlp.fc1', 'mlp.fc2'],
  layerScales: [['layer_scale1.lambda1', 'layer_scale2.lambda1']],
  models: ['dinov2', 'dinov2_with_registers'],
};

/** Those with SwiGLU. */
const dinov2Giant: VitNames = { ...dinov2, dense: ['mlp.weights_in', 'mlp.weights_out'] };

/** SiglipVisionModel. */
const siglip: VitNames = {
  layout: 'transformers',
  embedding: 'embeddings.patch_embedding',
  tokens: {},
  positions: ['embeddings.position_embedding.weight'],
  isFlat: true,
  block: 'encoder.layers.#',
  norms: ['layer_norm1', 'layer_norm2'],
  projections: separate('self_attn.'),
  hasBiases: true,
  out: 'self_attn.out_proj',
  dense: ['mlp.fc1', 'mlp.fc2'],
  norm: 'post_layernorm',
  pool: {
    probe: 'head.probe',
    // PyTorch's MultiheadAttention has no dot before the names of its input weights.
    projections: [['head.attention.in_proj_', ['query', 'key', 'value']]],
    out: 'head.attention.out_proj',
    norm: 'head.layernorm',
    dense: ['head.mlp.fc1', 'head.mlp.fc2'],
  },
  head: ['classifier'],
  models: ['siglip_vision_model'],
  ignored: vit.ignored,
};

/** CLIPVisionModel, whose last norm is of the class token alone, and CLIPForImageClassification, which does not use it. */
const { pool: _pool, norm: _norm, ...ofSiglip } = siglip;
const clip: VitNames = {
  ...ofSiglip,
  tokens: { cls: ['embeddings.class_embedding'] },
  // The package's own spelling.
  preNorm: 'pre_layrnorm',
  fcNorm: 'post_layernorm',
  head: ['visual_projection', 'classifier'],
  averageHead: 'classifier',
  models: ['clip_vision_model'],
};

/** All that is known, the most common first. */
export const vitNames: readonly VitNames[] = [
  numbered,
  bigVision,
  timm,
  vit,
  vit5,
  dinov2,
  { ...dinov2, ...inMemory },
  dinov2Giant,
  siglip,
  clip,
];

/** What may stand before all names of a layout's vision transformer. */
export const knownPrefixes: Readonly<Record<VitLayout, readonly string[]>> = {
  flax: ['', 'params/', 'img/', 'params/img/', 'target/', 'opt/target/', 'opt/target/img/'],
  timm: [''],
  transformers: [
    '',
    'vit.',
    'deit.',
    'dinov2.',
    'dinov2_with_registers.',
    'ijepa.',
    'vision_model.',
  ],
};
