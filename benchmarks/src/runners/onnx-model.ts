/** Protocol Buffers, as much of them as an ONNX model needs (onnx/onnx.proto, ir_version 8). */
type Bytes = readonly number[];

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
const integer = (field: number, value: number): number[] => [
  ...varint(field * 8),
  ...varint(value),
];
/** What stands before so many bytes. */
const start = (field: number, length: number): number[] => [
  ...varint(field * 8 + 2),
  ...varint(length),
];
const bytes = (field: number, value: Bytes): number[] => [...start(field, value.length), ...value];
const text = (field: number, value: string): number[] => bytes(field, [...Buffer.from(value)]);
const float = (field: number, value: number): number[] => [
  ...varint(field * 8 + 5),
  ...new Uint8Array(new Float32Array([value]).buffer),
];

/** A value of an attribute: integers and lists of them, or `{ float }`. */
type Attribute = number | string | readonly number[] | { readonly float: number };

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Where it is not one of ONNX' own. */
  readonly domain?: string;
}

export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

/** Float32 numbers that are part of a model: ONNX Runtime may arrange them once, before the first run. */
export interface OnnxConstant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The bytes of a model with these inputs, nodes in the order in which they run, outputs and constants. */
export function onnxModel(
  inputs: readonly OnnxValue[],
  nodes: readonly OnnxNode[],
  outputs: readonly OnnxValue[],
  constants: readonly OnnxConstant[] = [],
): Uint8Array {
  const graph = Buffer.concat([
    Buffer.from(nodes.flatMap((node) => bytes(1, encodeNode(node)))),
    Buffer.from(text(2, 'benchmark')),
    ...constants.flatMap(encodeConstant),
    Buffer.from(inputs.flatMap((value) => bytes(11, encodeValue(value)))),
    Buffer.from(outputs.flatMap((value) => bytes(12, encodeValue(value)))),
  ]);
  return Buffer.concat([
    Buffer.from([...integer(1, 8), ...start(7, graph.length)]),
    graph,
    Buffer.from(bytes(8, [...text(1, ''), ...integer(2, opset)])),
    Buffer.from(bytes(8, [...text(1, 'com.microsoft'), ...integer(2, 1)])),
  ]);
}

function encodeConstant({ name, shape, data }: OnnxConstant): Uint8Array[] {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const rest = [
    ...shape.flatMap((size) => integer(1, size)),
    ...integer(2, 1),
    ...text(8, name),
    ...start(9, raw.length),
  ];
  return [Buffer.from([...start(5, rest.length + raw.length), ...rest]), raw];
}

/** The first that has RMSNormalization. */
const opset = 23;

function encodeNode({ op, inputs, output, attributes = {}, domain = '' }: OnnxNode): Bytes {
  return [
    ...inputs.flatMap((name) => text(1, name)),
    ...text(2, output),
    ...text(4, op),
    ...Object.entries(attributes).flatMap(([name, value]) =>
      bytes(5, [...text(1, name), ...encodeAttribute(value)]),
    ),
    ...text(7, domain),
  ];
}

/** The value in the field of its type, and the number of that type in field 20. */
function encodeAttribute(value: Attribute): Bytes {
  if (typeof value === 'number') return [...integer(3, value), ...integer(20, 2)];
  if (typeof value === 'string') return [...text(4, value), ...integer(20, 3)];
  if ('float' in value) return [...float(2, value.float), ...integer(20, 1)];
  return [...value.flatMap((item) => integer(8, item)), ...integer(20, 7)];
}

function encodeValue({ name, shape, dtype }: OnnxValue): Bytes {
  const dimensions = shape.flatMap((size) => bytes(1, integer(1, size)));
  const tensor = [...integer(1, dtype === 'float32' ? 1 : 6), ...bytes(2, dimensions)];
  return [...text(1, name), ...bytes(2, bytes(1, tensor))];
}
