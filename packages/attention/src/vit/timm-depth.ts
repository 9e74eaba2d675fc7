/** Widths and blocks of timm's sizes of vision transformers. */
const sizes: Readonly<Record<string, readonly [widths: readonly number[], depth: number]>> = {
  tiny: [[192], 12],
  xsmall: [[256], 10],
  wee: [[256], 14],
  little: [[320], 14],
  small: [[384], 12],
  medium: [[512], 12],
  mediumd: [[512], 20],
  betwixt: [[640], 12],
  base: [[768, 896], 12],
  so150m: [[896], 18],
  so150m2: [[832], 21],
  large: [[1024], 24],
  intern300m: [[1024], 24],
  so400m: [[1152], 27],
  huge: [[1280], 32],
  giant: [[1408, 1536], 40],
  giantopt: [[1536], 40],
  gigantic: [[1664], 48],
};

/**
 * How many blocks an architecture of timm has, if its name says.
 *
 * @param width of the arrays; a model of another width than the name's is another one.
 */
export function timmDepth(architecture: string, width: number): number | undefined {
  const [, size = ''] = /^(?:vit|deit3?|eva|flexivit)_([a-z0-9]+)/.exec(architecture) ?? [];
  const known = Object.hasOwn(sizes, size) ? sizes[size] : undefined;
  if (known === undefined || !known[0].includes(width)) return undefined;
  const [, blocks] = /_(\d+)x1_/.exec(architecture) ?? [];
  return blocks === undefined ? known[1] : Number(blocks);
}
