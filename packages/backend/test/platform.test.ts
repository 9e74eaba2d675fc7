import { describe, expect, it } from 'vitest';
import { isNotInstalled, reasonOf } from '../src/platform.ts';

describe('isNotInstalled', () => {
  it.each([
    ["Cannot find package '@tensorflow/tfjs-node' imported from /app/index.js"],
    ["Cannot find module '@tensorflow/tfjs-node'\nRequire stack:\n- /app/index.js"],
    ['Could not resolve "@tensorflow/tfjs-node" imported by "app". Is it installed?'],
    ["Failed to resolve module specifier '@tensorflow/tfjs-node'"],
  ])('knows %j', (message) => {
    expect(isNotInstalled(new Error(message), '@tensorflow/tfjs-node')).toBe(true);
  });

  it.each([
    [
      "Cannot find package 'node-pre-gyp' imported from /app/node_modules/@tensorflow/tfjs-node/x.js",
    ],
    ["Cannot find module '/app/node_modules/@tensorflow/tfjs-node/lib/tfjs_binding.node'"],
    ["Cannot find package '@tensorflow/tfjs-node-gpu' imported from /app/index.js"],
    ['libcudart.so.11.0: cannot open shared object file'],
  ])('does not take %j for it', (message) => {
    expect(isNotInstalled(new Error(message), '@tensorflow/tfjs-node')).toBe(false);
  });

  it('knows what Node itself says', async () => {
    const specifier = 'a-package-that-does-not-exist';
    const url = `data:text/javascript,import '${specifier}'`;
    const failure = await import(/* @vite-ignore */ url).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    const required = await import('node:module').then(({ createRequire }) => {
      try {
        return createRequire(import.meta.url)(specifier) as unknown;
      } catch (error) {
        return error;
      }
    });
    expect(isNotInstalled(required, specifier)).toBe(true);
  });
});

describe('reasonOf', () => {
  it('is the first line of what was thrown, whatever it is', () => {
    expect(reasonOf(new Error('first\nsecond'))).toBe('first');
    expect(reasonOf('text')).toBe('text');
    expect(reasonOf(undefined)).toBe('undefined');
  });
});
