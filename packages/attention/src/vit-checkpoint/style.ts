import type { VitNames } from './names.ts';

/** Part of an entry of a checkpoint that becomes a parameter. */
export interface VitEntry {
  /** The entry's name in the checkpoint. Parameters of zeros without one. */
  readonly name?: string;
  /** The shape that it must have there. */
  readonly shape: readonly number[];
  /** The parameters that it becomes, in the order in which its first axis is cut into them. */
  readonly params: readonly string[];
  /** Order of the axes, after the cut. None where it is left out. */
  readonly permutation?: readonly number[];
  /** The shape of the parameter; that of the entry where it is left out. */
  readonly paramShape?: readonly number[];
}

/** A linear layer, or several whose rows lie one below the other. */
export interface Dense {
  readonly inputs: number;
  readonly outputs: number;
  readonly params: readonly string[];
  /** The shapes of a parameter, where it is more than a matrix and a vector. */
  readonly kernel?: readonly number[];
  readonly bias?: readonly number[];
}

/** How a layout writes layers. */
export interface Style {
  /** Names of the parts of a layer. */
  readonly kernel: (layer: string) => string;
  readonly bias: (layer: string) => string;
  readonly scale: (norm: string) => string;
  /** A kernel's entry: PyTorch has `[outputs, inputs]`. */
  readonly kernelEntry: (name: string, dense: Dense) => VitEntry;
  readonly embeddingEntry: (
    name: string,
    patch: number,
    channels: number,
    width: number,
  ) => VitEntry;
  /** What the axes of the kernel of patches are. */
  readonly embeddingAxes: (width: number) => readonly (string | number)[];
  /** Which axes of these kernels are outputs, and sides of patches and channels. */
  readonly outputsAxis: number;
  readonly patchAxis: number;
  readonly channelsAxis: number;
}

const shapeOfKernel = ({ inputs, outputs, kernel }: Dense) => kernel ?? [inputs, outputs];

export const flaxStyle: Style = {
  kernel: (layer) => `${layer}/kernel`,
  bias: (layer) => `${layer}/bias`,
  scale: (norm) => `${norm}/scale`,
  kernelEntry: (name, dense) => ({
    name,
    shape: shapeOfKernel(dense),
    params: dense.params.map((param) => `${param}/kernel`),
  }),
  embeddingEntry: (name, patch, channels, width) => ({
    name,
    shape: [patch, patch, channels, width],
    params: ['embedding/kernel'],
  }),
  embeddingAxes: (width) => ['patch', 'patch', 'channels', width],
  outputsAxis: -1,
  patchAxis: 0,
  channelsAxis: 2,
};

/** `in_proj_` is `in_proj_weight`. */
const part = (layer: string, name: string) => `${layer}${layer.endsWith('_') ? '' : '.'}${name}`;

const torchStyle: Style = {
  kernel: (layer) => part(layer, 'weight'),
  bias: (layer) => part(layer, 'bias'),
  scale: (norm) => part(norm, 'weight'),
  kernelEntry: (name, dense) => ({
    name,
    shape: [dense.outputs * dense.params.length, dense.inputs],
    params: dense.params.map((param) => `${param}/kernel`),
    permutation: [1, 0],
    paramShape: shapeOfKernel(dense),
  }),
  embeddingEntry: (name, patch, channels, width) => ({
    name,
    shape: [width, channels, patch, patch],
    params: ['embedding/kernel'],
    permutation: [2, 3, 1, 0],
    paramShape: [patch, patch, channels, width],
  }),
  embeddingAxes: (width) => [width, 'channels', 'patch', 'patch'],
  outputsAxis: 0,
  patchAxis: 2,
  channelsAxis: 1,
};

export const styleOf = ({ layout }: VitNames): Style =>
  layout === 'flax' ? flaxStyle : torchStyle;
