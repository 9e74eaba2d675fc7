import { compileKernels } from './src/wasm/compile-kernels.ts';

try {
  await (compileKernels as any)(new URL('../' + process.argv[2], import.meta.url).pathname, false);
} catch (e) {
  console.log((e as Error).message.slice(0, 3000));
}
