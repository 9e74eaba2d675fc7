import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { zipSync } from 'fflate';
import { compilerName } from '../../src/tensorflow/compile.ts';

const compiler: string = compilerName();
export const hasCompiler: boolean = spawnSync(compiler, ['--version']).status === 0;

const require = createRequire(import.meta.url);

/** A file for each entry. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** The part of tfjs-node's JavaScript that a trial needs: operations of the cpu backend, facts of the binding. */
const main = `
const tf = require(${JSON.stringify(require.resolve('@tensorflow/tfjs-core'))});
const { MathBackendCPU } = require(${JSON.stringify(require.resolve('@tensorflow/tfjs-backend-cpu'))});
require(${JSON.stringify(require.resolve('@tensorflow/tfjs-layers'))});
const binding = require('../lib/napi-v8/tfjs_binding.node');
tf.registerBackend('tensorflow', () => Object.assign(new MathBackendCPU(), {
  binding: { TF_Version: binding.version },
  isUsingGpuDevice: binding.gpu,
  executeSingleOutput: (name, attributes, [x]) => globalThis.kernels[name](tf, x),
}));
tf.copyRegisteredKernels('cpu', 'tensorflow');
module.exports = tf;
`;

/** Says what the libtensorflow that it is linked with says. */
export const binding = `
#include <node_api.h>
#include "tensorflow/c/c_api.h"
NAPI_MODULE_INIT() {
  napi_value value;
  napi_create_string_utf8(env, TF_Version(), NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, exports, "version", value);
  napi_get_boolean(env, TF_Gpu(), &value);
  napi_set_named_property(env, exports, "gpu", value);
  return exports;
}
`;

/**
 * Names a compiler, until `restore` is called, that makes an addon of this source in the place of the kernels. A script
 * that it runs can put the ops into `globalThis.kernels`.
 */
export function replaceKernels(cc: string): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'neverend-compiler-'));
  const before = process.env['CXX'];
  writeFiles(folder, {
    'kernels.cc': cc,
    'nothing.cc': '',
    compiler: `#!/bin/bash
args=()
for arg; do
  case $arg in
    */kernels/addon.cc) args+=("${folder}/kernels.cc") ;;
    */src/tensorflow/kernels/*.cc) args+=("${folder}/nothing.cc") ;;
    *) args+=("$arg") ;;
  esac
done
exec ${compiler} "\${args[@]}"
`,
  });
  chmodSync(join(folder, 'compiler'), 0o755);
  process.env['CXX'] = join(folder, 'compiler');
  return () => {
    if (before === undefined) delete process.env['CXX'];
    else process.env['CXX'] = before;
  };
}

/** An addon that runs this as JavaScript when it is loaded. */
export function kernelsThatRun(script: string): string {
  return `#include <node_api.h>
NAPI_MODULE_INIT() {
  napi_value script, result;
  napi_create_string_utf8(env, R"js(${script})js", NAPI_AUTO_LENGTH, &script);
  napi_run_script(env, script, &result);
  return exports;
}
`;
}

/** A project with a made tfjs-node, or tfjs-node-gpu, in it. */
export function makeProject({
  name = '@tensorflow/tfjs-node',
  version = '4.22.0',
  cc = binding,
  script = blocked,
}: {
  readonly name?: string;
  readonly version?: string;
  readonly cc?: string;
  readonly script?: string;
} = {}): { project: string; folder: string } {
  const project = mkdtempSync(join(tmpdir(), 'neverend-install-'));
  const folder = join(project, 'node_modules', name);
  writeFiles(folder, {
    'package.json': JSON.stringify({ name, version, main: 'dist/index.js' }),
    'dist/index.js': main,
    'binding/tfjs_binding.cc': cc,
    'scripts/install.js': script,
  });
  return { project, folder };
}

const blocked = "throw new Error('getaddrinfo ENOTFOUND storage.invalid');";

/**
 * A Python TensorFlow in the layout of the real one: the two shared libraries, which here say a version and
 * whether there is a GPU, and the headers. With CUDA the library needs one of those that pip keeps in packages
 * beside it; without, there is no GPU.
 *
 * @returns the folder `site-packages/tensorflow`
 */
export function makePythonTensorflow({
  version = '2.21.0',
  cuda = false,
  gpu = cuda,
}: {
  readonly version?: string;
  readonly cuda?: boolean;
  readonly gpu?: boolean;
} = {}): string {
  const packages = mkdtempSync(join(tmpdir(), 'neverend-python-'));
  const folder = join(packages, 'tensorflow');
  writeFiles(folder, {
    'include/tensorflow/c/c_api.h':
      'extern "C" const char* TF_Version(); extern "C" bool TF_Gpu();',
    'include/tensorflow/core/framework/op.h': '',
    'python/framework.py': '',
    'cuda.cc': `extern "C" bool cudaDevice() { return ${gpu}; }`,
    'framework.cc': `extern "C" const char* framework() { return "${version}"; }`,
    'cc.cc': `extern "C" const char* framework(); extern "C" bool cudaDevice();
      extern "C" const char* TF_Version() { return framework(); }
      extern "C" bool TF_Gpu() { return cudaDevice(); }`,
  });
  const build = (target: string, ...args: readonly string[]): string => {
    const soname = `-Wl,-soname,${basename(target)}`;
    execFileSync(compiler, ['-shared', '-fPIC', ...args, '-o', target, soname], { cwd: folder });
    return target;
  };
  const framework = build('libtensorflow_framework.so.2', 'framework.cc');
  const runtime = join(packages, 'nvidia', 'cuda_runtime', 'lib');
  if (cuda) mkdirSync(runtime, { recursive: true });
  const device = cuda ? build(join(runtime, 'libcudart.so.12'), 'cuda.cc') : 'cuda.cc';
  const path = '-Wl,-rpath,$ORIGIN:$ORIGIN/../nvidia/cuda_runtime/lib';
  build('libtensorflow_cc.so.2', 'cc.cc', framework, device, path);
  return folder;
}

/** The wheel of such a folder, without CUDA's libraries. */
export function makeWheel(folder: string, leftOut = ''): string {
  const names = [
    'libtensorflow_cc.so.2',
    'libtensorflow_framework.so.2',
    'include/tensorflow/c/c_api.h',
    'include/tensorflow/core/framework/op.h',
    'python/framework.py',
  ].filter((name) => name !== leftOut);
  const wheel = join(dirname(folder), 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl');
  const files = names.map((name) => [`tensorflow/${name}`, readFileSync(join(folder, name))]);
  writeFileSync(wheel, zipSync(Object.fromEntries(files)));
  return wheel;
}
