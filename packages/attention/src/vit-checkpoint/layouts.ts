/** Sizes of a vision transformer whose checkpoint is read. */
export interface VitSizes {
  /** Width D of the tokens. */
  readonly width: number;
  /** Number of blocks. */
  readonly depth: number;
  /** Number H of heads; must divide the width. */
  readonly heads: number;
  /** Width F of the MLPs. */
  readonly mlpWidth: number;
  /** Side of a patch in pixels. */
  readonly patch: number;
  /** Channels of the images; 3 where it is left out. */
  readonly channels?: number | undefined;
  /** Tokens with a position, the class token among them. */
  readonly tokens: number;
  /** Width of the head's output. Without one the parameters have no head, and what a checkpoint has of one is left out. */
  readonly classes?: number | undefined;
}

/** The names of these sizes. */
export const vitSizes: readonly (keyof VitSizes)[] = [
  'width',
  'depth',
  'heads',
  'mlpWidth',
  'patch',
  'channels',
  'tokens',
  'classes',
];

/**
 * `flax`: the npz files of github.com/google-research/vision_transformer. `timm`: safetensors of PyTorch's timm.
 * `transformers`: safetensors of Hugging Face's ViTForImageClassification and, without the prefix `vit.`, ViTModel.
 */
export type VitLayout = 'flax' | 'timm' | 'transformers';

/** Part of an entry of a checkpoint that becomes a parameter. */
export interface VitEntry {
  /** The entry's name in the checkpoint. */
  readonly name: string;
  /** The shape that it must have there. */
  readonly shape: readonly number[];
  /** The parameters that it becomes, in the order in which its first axis is cut into them. */
  readonly params: readonly string[];
  /** Order of the axes, after the cut. None where it is left out. */
  readonly permutation?: readonly number[];
  /** The shape of the parameter; that of the entry where it is left out. */
  readonly paramShape?: readonly number[];
}

const attention = 'MultiHeadDotProductAttention_0';

const layouts: Readonly<Record<VitLayout, (sizes: VitSizes) => VitEntry[]>> = {
  flax: flaxEntries,
  timm: (sizes) => torchEntries(sizes, timmNames),
  transformers: (sizes) => torchEntries(sizes, transformersNames),
};

/** Every entry that is read from a checkpoint of these sizes. @throws RangeError for another layout. */
export function vitEntries(layout: VitLayout, sizes: VitSizes): VitEntry[] {
  if (!Object.hasOwn(layouts, layout)) {
    const names = Object.keys(layouts).map((name) => JSON.stringify(name));
    throw new RangeError(`layout was ${JSON.stringify(layout)}; it must be ${names.join(' or ')}`);
  }
  return layouts[layout](sizes);
}

/** What lies between the last norm and the classes, which parameters without classes do not need. */
export const headEntry: RegExp = /^(head|pre_logits|classifier|pooler)[./]/;

function flaxEntries(sizes: VitSizes): VitEntry[] {
  const { width, depth, heads, mlpWidth, patch, channels = 3, tokens, classes } = sizes;
  const head = [heads, width / heads];
  const norm = (name: string, param: string) =>
    ['scale', 'bias'].map((part) => same(`${name}/${part}`, [width], `${param}/${part}`));
  const dense = (
    name: string,
    shape: readonly number[],
    bias: readonly number[],
    param: string,
  ) => [
    same(`${name}/kernel`, shape, `${param}/kernel`),
    same(`${name}/bias`, bias, `${param}/bias`),
  ];
  const blocks = Array.from({ length: depth }, (_, index) => {
    const from = `Transformer/encoderblock_${index}`;
    const to = `encoderblock_${index}`;
    const inner = `${from}/MultiHeadDotProductAttention_1`;
    return [
      ...norm(`${from}/LayerNorm_0`, `${to}/LayerNorm_0`),
      ...['query', 'key', 'value'].flatMap((name) =>
        dense(`${inner}/${name}`, [width, ...head], head, `${to}/${attention}/${name}`),
      ),
      ...dense(`${inner}/out`, [...head, width], [width], `${to}/${attention}/out`),
      ...norm(`${from}/LayerNorm_2`, `${to}/LayerNorm_1`),
      ...dense(
        `${from}/MlpBlock_3/Dense_0`,
        [width, mlpWidth],
        [mlpWidth],
        `${to}/MlpBlock_0/Dense_0`,
      ),
      ...dense(
        `${from}/MlpBlock_3/Dense_1`,
        [mlpWidth, width],
        [width],
        `${to}/MlpBlock_0/Dense_1`,
      ),
    ];
  });
  return [
    ...dense('embedding', [patch, patch, channels, width], [width], 'embedding'),
    same('cls', [1, 1, width], 'cls'),
    same('Transformer/posembed_input/pos_embedding', [1, tokens, width], 'pos_embedding'),
    ...blocks.flat(),
    ...norm('Transformer/encoder_norm', 'encoder_norm'),
    ...(classes === undefined ? [] : dense('head', [width, classes], [classes], 'head')),
  ];
}

/** An entry that is a parameter as it stands. */
const same = (name: string, shape: readonly number[], param: string): VitEntry => ({
  name,
  shape,
  params: [param],
});

/** How a PyTorch package names its entries; a block's names are below `block(index)`. */
interface TorchNames {
  readonly embedding: string;
  readonly cls: string;
  readonly positions: string;
  readonly block: (index: number) => string;
  readonly norms: readonly [string, string];
  /** One entry for queries, keys and values one below the other, or three. */
  readonly projections: readonly (readonly [string, readonly string[]])[];
  readonly out: string;
  readonly dense: readonly [string, string];
  readonly norm: string;
  readonly head: string;
}

const timmNames: TorchNames = {
  embedding: 'patch_embed.proj',
  cls: 'cls_token',
  positions: 'pos_embed',
  block: (index) => `blocks.${index}`,
  norms: ['norm1', 'norm2'],
  projections: [['attn.qkv', ['query', 'key', 'value']]],
  out: 'attn.proj',
  dense: ['mlp.fc1', 'mlp.fc2'],
  norm: 'norm',
  head: 'head',
};

const transformersNames: TorchNames = {
  embedding: 'embeddings.patch_embeddings.projection',
  cls: 'embeddings.cls_token',
  positions: 'embeddings.position_embeddings',
  block: (index) => `encoder.layer.${index}`,
  norms: ['layernorm_before', 'layernorm_after'],
  projections: ['query', 'key', 'value'].map((name) => [`attention.attention.${name}`, [name]]),
  out: 'attention.output.dense',
  dense: ['intermediate.dense', 'output.dense'],
  norm: 'layernorm',
  head: 'classifier',
};

/** PyTorch has a linear layer's weight as `[outputs, inputs]`. */
function torchEntries(sizes: VitSizes, names: TorchNames): VitEntry[] {
  const { width, depth, heads, mlpWidth, patch, channels = 3, tokens, classes } = sizes;
  const head = [heads, width / heads];
  const norm = (name: string, param: string) => [
    same(`${name}.weight`, [width], `${param}/scale`),
    same(`${name}.bias`, [width], `${param}/bias`),
  ];
  interface Dense {
    readonly inputs: number;
    readonly outputs: number;
    readonly params: readonly string[];
    readonly kernel?: readonly number[];
    readonly bias?: readonly number[];
  }
  const dense = (name: string, { inputs, outputs, params, kernel, bias }: Dense): VitEntry[] => [
    {
      name: `${name}.weight`,
      shape: [outputs * params.length, inputs],
      params: params.map((param) => `${param}/kernel`),
      permutation: [1, 0],
      paramShape: kernel ?? [inputs, outputs],
    },
    {
      name: `${name}.bias`,
      shape: [outputs * params.length],
      params: params.map((param) => `${param}/bias`),
      paramShape: bias ?? [outputs],
    },
  ];
  const blocks = Array.from({ length: depth }, (_, index) => {
    const [from, to] = [names.block(index), `encoderblock_${index}`];
    return [
      ...norm(`${from}.${names.norms[0]}`, `${to}/LayerNorm_0`),
      ...names.projections.flatMap(([name, parts]) =>
        dense(`${from}.${name}`, {
          ...{ inputs: width, outputs: width },
          ...{ kernel: [width, ...head], bias: head },
          params: parts.map((part) => `${to}/${attention}/${part}`),
        }),
      ),
      ...dense(`${from}.${names.out}`, {
        ...{ inputs: width, outputs: width, kernel: [...head, width] },
        params: [`${to}/${attention}/out`],
      }),
      ...norm(`${from}.${names.norms[1]}`, `${to}/LayerNorm_1`),
      ...dense(`${from}.${names.dense[0]}`, {
        ...{ inputs: width, outputs: mlpWidth, params: [`${to}/MlpBlock_0/Dense_0`] },
      }),
      ...dense(`${from}.${names.dense[1]}`, {
        ...{ inputs: mlpWidth, outputs: width, params: [`${to}/MlpBlock_0/Dense_1`] },
      }),
    ];
  });
  return [
    {
      name: `${names.embedding}.weight`,
      shape: [width, channels, patch, patch],
      params: ['embedding/kernel'],
      permutation: [2, 3, 1, 0],
      paramShape: [patch, patch, channels, width],
    },
    same(`${names.embedding}.bias`, [width], 'embedding/bias'),
    same(names.cls, [1, 1, width], 'cls'),
    same(names.positions, [1, tokens, width], 'pos_embedding'),
    ...blocks.flat(),
    ...norm(names.norm, 'encoder_norm'),
    ...(classes === undefined
      ? []
      : dense(names.head, { inputs: width, outputs: classes, params: ['head'] })),
  ];
}
