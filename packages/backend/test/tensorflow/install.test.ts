import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BackendError } from '../../src/errors.ts';
import { type InstallOptions, install, installSummary } from '../../src/tensorflow/install.ts';
import {
  binding,
  hasCompiler,
  kernelsThatRun,
  makeProject,
  makePythonTensorflow,
  makeWheel,
  replaceKernels,
  writeFiles,
} from './made-project.ts';

function options(project: string, more: Partial<InstallOptions> = {}): InstallOptions {
  return { project, gpu: false, signal: new AbortController().signal, say: () => {}, ...more };
}

/** Every file of the package, and every folder beside it. */
function contents(folder: string): string[] {
  return [...readdirSync(folder, { recursive: true }), ...readdirSync(dirname(folder))].map(String);
}

/** A project on which an install fails, and must leave everything as it was. */
async function expectUnchanged(
  folder: string,
  failing: Promise<unknown>,
  message: RegExp,
): Promise<void> {
  const before = contents(folder);
  await expect(failing).rejects.toThrow(message);
  expect(contents(folder)).toEqual(before);
}

describe.runIf(hasCompiler)('install', () => {
  it('takes libtensorflow out of a wheel, builds the binding, and runs', async () => {
    const { project, folder } = makeProject();
    const wheel = makeWheel(makePythonTensorflow({ version: '2.21.0' }));
    const said: string[] = [];
    const report = await install(options(project, { wheel, say: (line) => said.push(line) }));
    expect(report).toEqual({
      package: '@tensorflow/tfjs-node 4.22.0',
      folder,
      source: wheel,
      libtensorflow: '2.21.0',
      gpu: false,
      compiled: [],
      // The made library has no kernels to register.
      kernelsMissing: expect.stringContaining('kernels.h'),
    });
    expect(installSummary(report).split('\n')).toEqual([
      `@tensorflow/tfjs-node 4.22.0 runs on the CPU, with TensorFlow 2.21.0 from ${wheel}`,
      expect.stringContaining('without kernels in C++: '),
      '',
    ]);
    expect(said.join('\n')).not.toContain('download');
    expect(readdirSync(dirname(folder))).toEqual(['tfjs-node']);
    // The wheel's other headers and its Python stay where they are.
    expect(readdirSync(join(folder, 'deps'), { recursive: true }).sort()).toEqual([
      'include',
      'include/tensorflow',
      'include/tensorflow/c',
      'include/tensorflow/c/c_api.h',
      'lib',
      'lib/libtensorflow.so',
      'lib/libtensorflow.so.2',
      'lib/libtensorflow.so.2.9.1',
      'lib/libtensorflow_cc.so.2',
      'lib/libtensorflow_framework.so',
      'lib/libtensorflow_framework.so.2',
    ]);
  });

  it('does nothing where what is there runs, and replaces it for another wheel', async () => {
    const { project, folder } = makeProject();
    const [old, wheel] = ['2.20.0', '2.21.0'].map((version) => makePythonTensorflow({ version }));
    await install(options(project, { wheel: old as string }));
    const again = await install(options(project));
    expect(again).toMatchObject({ libtensorflow: '2.20.0', source: 'what was there' });
    const other = await install(options(project, { wheel: wheel as string }));
    expect(other).toMatchObject({ libtensorflow: '2.21.0', source: wheel });
    expect(readdirSync(dirname(folder))).toEqual(['tfjs-node']);
  });

  it('finds the CUDA libraries that pip keeps beside TensorFlow, and reports the GPU', async () => {
    const { project, folder } = makeProject({ name: '@tensorflow/tfjs-node-gpu' });
    const wheel = makePythonTensorflow({ cuda: true });
    const report = await install(options(project, { gpu: true, wheel }));
    expect(report).toMatchObject({ package: '@tensorflow/tfjs-node-gpu 4.22.0', gpu: true });
    expect(report).not.toHaveProperty('warning');
    expect(readlinkSync(join(folder, 'deps', 'nvidia'))).toBe(join(dirname(wheel), 'nvidia'));
  });

  it('warns where a CUDA build found no GPU', async () => {
    const { project } = makeProject({ name: '@tensorflow/tfjs-node-gpu' });
    const wheel = makePythonTensorflow({ cuda: true, gpu: false });
    const report = await install(options(project, { gpu: true, wheel }));
    expect(report.gpu).toBe(false);
    expect(report.warning).toContain('no GPU was found');
  });

  it('tells which library a CUDA wheel lacks on a machine without it', async () => {
    const { project, folder } = makeProject({ name: '@tensorflow/tfjs-node-gpu' });
    const wheel = makeWheel(makePythonTensorflow({ cuda: true }));
    await expectUnchanged(
      folder,
      install(options(project, { gpu: true, wheel })),
      /libcudart\.so\.12: cannot open shared object file/,
    );
  });

  it("takes tfjs-node's own download where that works", async () => {
    const built = makeProject();
    await install(options(built.project, { wheel: makePythonTensorflow() }));
    const script = `const { cpSync } = require('node:fs');
      for (const part of ['deps', 'lib']) {
        cpSync(${JSON.stringify(built.folder)} + '/' + part, part, { recursive: true, verbatimSymlinks: true });
      }`;
    const { project, folder } = makeProject({ script });
    const report = await install(options(project));
    expect(report).toMatchObject({ folder, source: "tfjs-node's own download", gpu: false });
  });

  it('keeps what was there when the new build computes nothing', async () => {
    const { project, folder } = makeProject();
    await install(options(project, { wheel: makePythonTensorflow({ version: '2.20.0' }) }));
    const cc = binding.replace('napi_value value;', 'napi_value value; abort();');
    writeFiles(folder, { 'binding/tfjs_binding.cc': `#include <cstdlib>\n${cc}` });
    const wheel = makePythonTensorflow({ version: '2.21.0' });
    await expectUnchanged(
      folder,
      install(options(project, { wheel })),
      /tfjs-node does not run \(status null\)/,
    );
    expect(await install(options(project))).toMatchObject({ libtensorflow: '2.20.0' });
  });

  it('keeps what was there when the new build computes wrong numbers', async () => {
    const { project, folder } = makeProject();
    await install(options(project, { wheel: makePythonTensorflow({ version: '2.20.0' }) }));
    const main = join(folder, 'dist', 'index.js');
    writeFileSync(
      main,
      `${readFileSync(main, 'utf8')}module.exports = { ...tf, matMul: (a, b) => tf.mul(a, b) };`,
    );
    await expectUnchanged(
      folder,
      install(options(project, { wheel: makePythonTensorflow() })),
      /tfjs-node computes .*"product":\[1,4,9,16\].*it must be .*"product":\[7,10,15,22\]/,
    );
  });

  const twice = 'globalThis.kernels = { NeverendTwice: (tf, x) => tf.add(x, x) };';

  it.each([
    {
      kernels: 'crash when they are loaded',
      cc: '#include <cstdlib>\n#include <node_api.h>\nNAPI_MODULE_INIT() { abort(); return exports; }',
      reason: /^the kernels do not run \(status null\)/,
    },
    {
      kernels: 'throw when one is run',
      cc: kernelsThatRun(
        "globalThis.kernels = { NeverendTwice() { throw new Error('no kernel'); } };",
      ),
      reason: /^the kernels do not run \(status 1\): Error: no kernel$/,
    },
    {
      kernels: 'compute wrong numbers',
      cc: kernelsThatRun('globalThis.kernels = { NeverendTwice: (tf, x) => tf.square(x) };'),
      reason: /^the kernels make \[1,9\] of twice \[1,-3\]; it must be \[2,-6\]$/,
    },
  ])('publishes no kernels that $kernels', async ({ cc, reason }) => {
    const { project, folder } = makeProject();
    const wheel = makePythonTensorflow();
    const kernels = join(folder, 'lib', 'neverend');
    let restore = replaceKernels(kernelsThatRun(twice));
    try {
      expect(await install(options(project, { wheel }))).not.toHaveProperty('kernelsMissing');
      const [name = ''] = readdirSync(kernels);
      expect(readdirSync(kernels)).toEqual([
        expect.stringMatching(/^kernels-\w{12}\.node$/),
        'kernels.json',
      ]);
      restore();
      restore = replaceKernels(cc);
      const report = await install(options(project, { wheel }));
      expect(report.kernelsMissing).toMatch(reason);
      expect(readdirSync(kernels)).toEqual([]);
      // One that is there already is not left either.
      restore();
      restore = replaceKernels(kernelsThatRun(twice));
      writeFileSync(join(kernels, name), 'torn');
      expect(await install(options(project))).not.toHaveProperty('kernelsMissing');
      expect(readFileSync(join(kernels, name), 'latin1')).not.toBe('torn');
    } finally {
      restore();
    }
  });

  it('leaves out the packages with which there is no addon, and those alone', async () => {
    const { project, folder } = makeProject();
    const sources = {
      'a-good': 'int shared() { return 1; }',
      'b-clash': 'int shared() { return 2; }',
      'c-torn': '#error "not today"',
      // It ends the process where it is loaded.
      'd-crash': '#include <cstdlib>\nstatic const int end = (abort(), 1);',
      'e-good': 'int other() { return 1; }',
    };
    const dependencies = Object.fromEntries(Object.keys(sources).map((name) => [name, '1']));
    writeFiles(project, {
      'package.json': JSON.stringify({ dependencies }),
      ...Object.fromEntries(
        Object.entries(sources).flatMap(([name, cc]) => [
          [
            `node_modules/${name}/package.json`,
            JSON.stringify({ name, version: '1.0.0', neverend: { kernels: 'src' } }),
          ],
          [`node_modules/${name}/src/op/kernels/op.cc`, cc],
        ]),
      ),
    });
    const restore = replaceKernels(kernelsThatRun(twice));
    try {
      const said: string[] = [];
      const wheel = makePythonTensorflow();
      const report = await install(options(project, { wheel, say: (line) => said.push(line) }));
      expect(report.compiled.map((name) => name.split(' ')[0])).toEqual([
        '@neverend/backend',
        'a-good',
        'e-good',
      ]);
      const failed = [
        { name: 'b-clash', reason: expect.stringContaining('multiple definition') },
        { name: 'c-torn', reason: expect.stringContaining('not today') },
        { name: 'd-crash', reason: expect.stringMatching(/^the kernels do not run/) },
      ];
      expect(report.kernelsFailed).toEqual(failed);
      expect(said.filter((line) => line.startsWith('without')).sort()).toEqual(
        failed.map(({ name }) => expect.stringMatching(`^without the kernels of ${name}: `)),
      );
      const manifest = readFileSync(join(folder, 'lib', 'neverend', 'kernels.json'), 'utf8');
      expect(JSON.parse(manifest).packages.slice(1)).toMatchObject([
        { name: 'a-good', version: '1.0.0' },
        ...failed.map(({ name, reason }) => ({ name, failure: reason })),
        { name: 'e-good' },
      ]);
    } finally {
      restore();
    }
  });

  it("names the compiler's first error", async () => {
    const { project, folder } = makeProject({ cc: '#include "tensorflow/c/missing.h"\n' });
    await expectUnchanged(
      folder,
      install(options(project, { wheel: makePythonTensorflow() })),
      /ended with status 1: .*missing\.h: No such file/,
    );
  });

  it.each([0, 200, 500])('changes nothing when interrupted after %i ms', async (wait) => {
    const { project, folder } = makeProject();
    const interruption = new AbortController();
    const wheel = makePythonTensorflow();
    const running = install(options(project, { wheel, signal: interruption.signal }));
    setTimeout(() => interruption.abort(new Error('interrupted')), wait);
    await expectUnchanged(folder, running, /^interrupted$/);
  });

  it('repairs a binding that does not run any more', async () => {
    const { project, folder } = makeProject();
    const wheel = makePythonTensorflow();
    await install(options(project, { wheel }));
    writeFileSync(join(folder, 'lib', 'napi-v8', 'tfjs_binding.node'), 'torn');
    await expect(install(options(project))).rejects.toThrow(BackendError);
    await install(options(project, { wheel }));
    expect(await install(options(project))).toMatchObject({ source: 'what was there' });
  });

  it.each(['libtensorflow_framework.so.2', 'include/tensorflow/c/c_api.h'])(
    'refuses a wheel without %s',
    async (leftOut) => {
      const { project, folder } = makeProject();
      const wheel = makeWheel(makePythonTensorflow(), leftOut);
      await expectUnchanged(
        folder,
        install(options(project, { wheel })),
        new RegExp(`is no Python TensorFlow for Linux: it lacks ${leftOut}`),
      );
    },
  );

  it('refuses a torn wheel', async () => {
    const { project, folder } = makeProject();
    const wheel = makeWheel(makePythonTensorflow());
    const bytes = readFileSync(wheel);
    bytes.fill(0xff, 60, 600);
    writeFileSync(wheel, bytes);
    await expectUnchanged(folder, install(options(project, { wheel })), /cannot be unpacked/);
    writeFileSync(wheel, bytes.subarray(0, 1000));
    await expectUnchanged(folder, install(options(project, { wheel })), /is no wheel/);
  });
});

describe('install without what it needs', () => {
  it('tells how to install a package that is not there', async () => {
    const { project } = makeProject();
    await expect(install(options(project, { gpu: true }))).rejects.toThrow(
      /tfjs-node-gpu is not installed in .*: npm install --ignore-scripts @tensorflow\/tfjs-node-gpu@4\.22\.0$/,
    );
  });

  it('refuses another version', async () => {
    const { project } = makeProject({ version: '4.23.0' });
    await expect(install(options(project))).rejects.toThrow('is 4.23.0; it must be 4.22');
  });

  it('refuses a wheel that is not there', async () => {
    const { project, folder } = makeProject();
    await expectUnchanged(
      folder,
      install(options(project, { wheel: '/no/such.whl' })),
      /--wheel was \/no\/such\.whl; there is no such file/,
    );
  });

  it('tells what brings a library where the download and Python fail', async () => {
    const { project, folder } = makeProject();
    const path = process.env['PATH'];
    const said: string[] = [];
    process.env['PATH'] = '/nowhere';
    try {
      await expectUnchanged(
        folder,
        install(options(project, { say: (line) => said.push(line) })),
        /pip install tensorflow-cpu==2\.21\.0/,
      );
    } finally {
      process.env['PATH'] = path;
    }
    expect(said.at(-1)).toBe('it failed: Error: getaddrinfo ENOTFOUND storage.invalid');
    expect(existsSync(join(folder, 'deps'))).toBe(false);
  });
});
