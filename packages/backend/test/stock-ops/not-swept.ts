const engine = 'computes nothing of its own';
const random = 'random: random-ops.test.ts holds its figures';
const text = 'of text';

const of = (reason: string, names: string): [string, string][] =>
  names.split(' ').map((name) => [name, reason]);

/** Functions of TensorFlow.js that no case calls, and why. */
export const notSwept: Readonly<Record<string, string>> = Object.fromEntries([
  ...of(
    engine,
    'backend copyRegisteredKernels deprecationWarn disableDeprecationWarnings dispose disposeVariables',
  ),
  ...of(
    engine,
    'enableDebugMode enableProdMode engine env findBackend findBackendFactory getBackend getGradient',
  ),
  ...of(
    engine,
    'getKernel getKernelsForBackend keep memory nextFrame op print profile ready registerBackend',
  ),
  ...of(
    engine,
    'registerGradient registerKernel removeBackend setBackend setPlatform sumOutType tidy time train',
  ),
  ...of(
    engine,
    'unregisterGradient unregisterKernel upcastType enclosingPowerOfTwo buffer variable',
  ),
  ...of(
    'the sweep itself takes gradients',
    'customGrad grad grads valueAndGrad valueAndGrads variableGrads',
  ),
  ...of(
    random,
    'dropout multinomial rand randomGamma randomNormal randomStandardNormal randomUniform',
  ),
  ...of(random, 'randomUniformInt truncatedNormal'),
  ...of('calls functions that it is given, which are swept', 'multiRNNCell'),
  ...of('ragged: on cpu alone, and not for training', 'raggedGather raggedTensorToTensor'),
  ...of(
    text,
    'string.stringNGrams string.stringSplit string.stringToHashBucketFast string.staticRegexReplace',
  ),
]);
