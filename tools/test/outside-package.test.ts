import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeBackends } from '@neverend/backend';
import { listedBackends } from '@neverend/backend/testing';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packAll, publicPackages, readManifest } from '../packages.mjs';
import { root, runNode, runPnpm, toolScript } from '../workspace.mjs';

const backend = join(root, 'packages', 'backend');
const fixtures = join(root, 'tools', 'test', 'fixtures');
const tfjsNode = realpathSync(join(backend, 'node_modules', '@tensorflow', 'tfjs-node'));

const wanted = listedBackends('NEVEREND_BACKENDS');
const required = listedBackends('NEVEREND_REQUIRE') ?? [];
const statuses = await probeBackends({ threads: 1 });

/** Whether a backend is tested: where it is there or asked for, and not left out. */
function tests(name: 'wasm' | 'webgpu' | 'tensorflow', there: boolean): boolean {
  return wanted?.includes(name) !== false && (there || required.includes(name));
}

const isReady = (name: string): boolean =>
  statuses.some((status) => status.name === name && status.available);
const hasTensorflow = tests('tensorflow', existsSync(join(tfjsNode, 'deps', 'include')));

/** x² + 0.25 and 2 x. */
const right = {
  kernel: 'OutsideShiftedSquare',
  y: [9.25, 0.25, 0.5, 4.25, 100.25],
  gradient: [-6, 0, 1, 4, 20],
};

const scratch = mkdtempSync(join(tmpdir(), 'neverend-outside-'));
const app = join(scratch, 'app');

async function output(
  runner: typeof runNode,
  args: readonly string[],
  cwd: string,
  wanted = 0,
): Promise<string> {
  let text = '';
  const code = await runner(args, { cwd, capture: (more) => (text += more) });
  if (code !== wanted) throw new Error(`${args.join(' ')} ended with exit code ${code}:\n${text}`);
  return text;
}

/** Installs what a package.json names, by pnpm with its strict folders. */
async function install(folder: string, manifest: object): Promise<void> {
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const settings = { packages: [], minimumReleaseAge: 1440, strictDepBuilds: false };
  writeFileSync(join(folder, 'pnpm-workspace.yaml'), JSON.stringify(settings));
  await output(runPnpm, ['install', '--prefer-offline', '--no-frozen-lockfile'], folder);
}

async function pack(folder: string): Promise<string> {
  await output(runPnpm, ['pack', '--pack-destination', scratch], folder);
  const { name, version } = readManifest(folder);
  return `file:${join(scratch, `${name}-${version}.tgz`)}`;
}

const command = join('node_modules', '@neverend', 'backend', 'bin', 'neverend-backend.js');

async function use(name: string): Promise<{ result: unknown; said: string }> {
  const lines = (await output(runNode, [join(app, 'use.mjs'), name], app)).trimEnd().split('\n');
  // On processors with AVX-512 TensorFlow says that oneDNN is on, before its log can be turned down.
  const said = lines.slice(0, -1).filter((line) => !/absl::InitializeLog|oneDNN custom/.test(line));
  return { result: JSON.parse(lines.at(-1) ?? ''), said: said.join('\n') };
}

/** A package with an op, the model that depends on it, and a project that depends on that, from tarballs. */
beforeAll(async () => {
  const turbo = toolScript('turbo', 'bin', 'turbo');
  await output(runNode, [turbo, 'run', 'build', '--filter=@neverend/backend'], root);
  const [own] = publicPackages().filter(({ folder }) => folder === backend);
  if (own === undefined) throw new Error('there is no packages/backend');
  const tarball = `file:${(await packAll([own], scratch)).get('@neverend/backend')}`;
  const versions = Object.fromEntries(
    ['core', 'layers', 'backend-wasm', 'backend-webgpu', 'node'].map((name) => [
      `@tensorflow/tfjs-${name}`,
      '4.22.0',
    ]),
  );
  const peers = { '@neverend/backend': tarball, '@tensorflow/tfjs-core': '4.22.0' };

  const op = join(scratch, 'outside-op');
  cpSync(join(fixtures, 'outside-op'), op, { recursive: true });
  const manifest = {
    ...readManifest(op),
    peerDependencies: { '@neverend/backend': '*', '@tensorflow/tfjs-core': '*' },
  };
  const { version: assemblyscript } = readManifest(join(backend, 'node_modules', 'assemblyscript'));
  await install(op, {
    ...manifest,
    devDependencies: { ...peers, '@tensorflow/tfjs-layers': '4.22.0', assemblyscript },
  });
  await output(runNode, [command, 'build-wasm'], op);
  await build({
    ...{ entryPoints: [join(op, 'src', 'index.ts')], outfile: join(op, 'dist', 'index.js') },
    ...{ bundle: true, packages: 'external', format: 'esm', logLevel: 'error' },
  });

  const broken = join(scratch, 'broken-op');
  mkdirSync(join(broken, 'kernels'), { recursive: true });
  writeFileSync(join(broken, 'kernels', 'broken.cc'), '#error "not today"\n');
  writeFileSync(join(broken, 'index.js'), '');
  writeFileSync(
    join(broken, 'package.json'),
    JSON.stringify({ name: 'broken-op', version: '0.1.0', neverend: { kernels: '.' } }),
  );
  const model = join(scratch, 'outside-model');
  mkdirSync(model);
  writeFileSync(join(model, 'index.js'), "export { shiftedSquare } from 'outside-op';\n");
  writeFileSync(
    join(model, 'package.json'),
    JSON.stringify({
      ...{ name: 'outside-model', version: '0.0.1', type: 'module', main: 'index.js' },
      dependencies: { 'outside-op': await pack(op), 'broken-op': await pack(broken) },
    }),
  );
  mkdirSync(app);
  await install(app, {
    private: true,
    dependencies: {
      ...{ ...versions, '@neverend/backend': tarball, 'outside-model': await pack(model) },
      webgpu: readManifest(join(backend, 'node_modules', 'webgpu')).version,
    },
  });
  cpSync(join(op, 'use.mjs'), join(app, 'use.mjs'));
}, 300_000);

afterAll(() => rmSync(scratch, { recursive: true }));

describe('an op from outside of this repository', () => {
  it('is not seen where the project itself looks', () => {
    expect(existsSync(join(app, 'node_modules', 'outside-op'))).toBe(false);
  });

  for (const name of ['wasm', 'webgpu'] as const) {
    it.runIf(tests(name, isReady(name)))(`runs on ${name}`, async () => {
      const { result } = await use(name);
      expect(result).toEqual({ ...right, backend: name, active: 'native' });
    });
  }

  describe.runIf(hasTensorflow)('in C++', () => {
    let installed = '';

    beforeAll(async () => {
      const target = join(app, 'node_modules', '@tensorflow', 'tfjs-node');
      rmSync(join(target, 'lib'), { recursive: true, force: true });
      symlinkSync(join(tfjsNode, 'deps'), join(target, 'deps'));
      cpSync(join(tfjsNode, 'lib', 'napi-v8'), join(target, 'lib', 'napi-v8'), { recursive: true });
      installed = await output(runNode, [command, 'install'], app);
    }, 300_000);

    it('is compiled without those that do not compile', () => {
      expect(installed).toMatch(
        /^kernels in C\+\+: @neverend\/backend [\d.]+, outside-op 1\.2\.3$/m,
      );
      expect(installed.match(/^without those of .*$/gm)).toEqual([
        expect.stringMatching(/^without those of broken-op: g\+\+ ended .*"?not today"?$/),
      ]);
    });

    it('runs on tensorflow', async () => {
      const { result, said } = await use('tensorflow');
      expect(result).toEqual({ ...right, backend: 'tensorflow', active: 'native' });
      expect(said).toBe('');
    });

    it('shows in the doctor', async () => {
      const said = await output(runNode, [command, 'doctor'], app);
      for (const name of ['wasm', 'tensorflow']) {
        expect(said).toMatch(new RegExp(`^kernels on ${name}: .*\\n {2}.*outside-op 1$`, 'm'));
      }
    });

    const file = join(app, 'node_modules/@tensorflow/tfjs-node/lib/neverend/kernels.json');
    const composite = { ...right, backend: 'tensorflow', active: 'composite' };

    it('is left to its composite in another version, and one line names the command', async () => {
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, text.replace('"1.2.3"', '"1.2.2"'));
      const reason =
        'the kernels in C++ of outside-op are those of 1.2.2, and 1.2.3 runs: npx -p @neverend/backend neverend-backend install';
      expect(await use('tensorflow')).toEqual({
        result: { ...composite, reason },
        said: `neverend: ${reason}`,
      });
      writeFileSync(file, text.replace('"outside-op"', '"other-op"'));
      expect((await use('tensorflow')).result).toEqual({
        ...composite,
        reason:
          'outside-op was not there at the last npx -p @neverend/backend neverend-backend install',
      });
      writeFileSync(file, text);
    });
  });
});
