export { gzippedBytes } from '../text/baselines/gzip.ts';
export { WittenBell } from '../text/baselines/witten-bell.ts';
export { dataSetNames } from '../text/node/data-sets.ts';
export { readTexts, type Texts } from '../text/node/read-texts.ts';
export { type SplitOptions, splitDocuments, type TextSplit } from '../text/split-documents.ts';
export { type TokenStream, tokenStream } from '../text/token-stream.ts';
export { type TestWindows, testWindows, trainingWindows, type Windows } from '../text/windows.ts';
