import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { corridorFaults, sourceFaults } from '../corridor.mjs';

let workspace: string;
const write = (file: string, content = ''): void => {
  mkdirSync(dirname(join(workspace, file)), { recursive: true });
  writeFileSync(join(workspace, file), content);
};
const manifest = (name: string, entries: Record<string, string>): void =>
  write(
    `packages/${name}/package.json`,
    JSON.stringify({
      name: `@neverend/${name}`,
      exports: {
        ...Object.fromEntries(
          Object.entries(entries).map(([path, source]) => [path, { '@neverend/source': source }]),
        ),
        './package.json': './package.json',
      },
    }),
  );

// Two packages without a fault: one has an operation, the other one uses it.
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'neverend-corridor-'));
  manifest('low', {
    '.': './src/index.ts',
    './testing': './src/testing.ts',
    './testing/more': './src/testing/more.ts',
  });
  write('packages/low/src/index.ts', "export { double } from './double/index.ts';\n");
  write('packages/low/src/testing.ts', "import { expect } from 'vitest';\n");
  write('packages/low/src/testing/more.ts', "import { it } from 'vitest';\n");
  for (const name of ['types', 'naive', 'composite', 'cases', 'kernels/wasm']) {
    write(`packages/low/src/double/${name}.ts`);
  }
  write('packages/low/src/double/index.ts', "import { grad } from './gradient.ts';\n");
  write('packages/low/src/double/gradient.ts', 'export const grad = defineKernel({});\n');
  write('packages/low/src/double/kernels/double.cc', '#include "double.h"\n#include <cmath>\n');
  write('packages/low/test/double.test.ts', "import { double } from '../src/double/index.ts';\n");
  manifest('high', { '.': './src/index.ts' });
  write('packages/high/src/index.ts', "import { double } from '@neverend/low';\n");
  write('packages/high/test/high.test.ts', "import { expect, it } from 'vitest';\n");
});
afterEach(() => rmSync(workspace, { recursive: true }));

it('finds nothing in packages that are as they must be', () => {
  expect(corridorFaults(workspace)).toEqual([]);
  expect(sourceFaults(workspace)).toEqual([]);
});

describe('the corridor', () => {
  it('names each file that a folder with kernels lacks', () => {
    for (const name of ['types', 'naive', 'composite', 'cases', 'index']) {
      rmSync(join(workspace, `packages/low/src/double/${name}.ts`));
    }
    rmSync(join(workspace, 'packages/low/src/double/gradient.ts'));
    write('packages/low/src/index.ts');
    expect(corridorFaults(workspace)).toEqual(
      ['index', 'types', 'naive', 'composite', 'cases'].map(
        (name) => `packages/low/src/double has kernels and no ${name}.ts.`,
      ),
    );
  });

  it.each(['attrs.ts', 'kernel.ts', 'sums.cc', 'more/index.ts'])(
    'names %s, which has no place beside kernels',
    (name) => {
      write(`packages/low/src/double/${name}`);
      const [stray] = name.split('/');
      expect(corridorFaults(workspace)).toEqual([
        `packages/low/src/double/${stray} has no place beside kernels: what it holds belongs in ` +
          'index.ts, types.ts, naive.ts, composite.ts, cases.ts, gradient.ts, kernels.',
      ]);
    },
  );

  it('holds for a folder at any depth, and not for one without kernels', () => {
    write('packages/high/src/plain/anything.ts');
    write('packages/high/src/deep/down/kernels/webgpu.ts');
    expect(corridorFaults(workspace)).toContain(
      'packages/high/src/deep/down has kernels and no index.ts.',
    );
    expect(corridorFaults(workspace).filter((fault) => fault.includes('plain'))).toEqual([]);
  });

  it('does not ask for a gradient.ts, and refuses one without a kernel', () => {
    write('packages/low/src/double/index.ts');
    write('packages/low/src/double/gradient.ts', 'export const slope = 2;\n');
    expect(corridorFaults(workspace)).toEqual([
      'packages/low/src/double/gradient.ts defines no kernel; there is such a file only where one is.',
    ]);
    rmSync(join(workspace, 'packages/low/src/double/gradient.ts'));
    expect(corridorFaults(workspace)).toEqual([]);
  });

  it.each([
    "import type { Inputs } from '../gradient.ts';",
    "import { grad, type Inputs } from '../gradient.ts';",
    "import {\n  grad,\n  type Inputs,\n} from '../gradient.ts';",
    "export type { Inputs } from '../gradient.ts';",
    "export type * from '../gradient.ts';",
    "type Inputs = import('../gradient.ts').Inputs;",
  ])('names who takes a type from a gradient.ts by %j', (line) => {
    write('packages/low/src/double/kernels/wasm.ts', `${line}\n`);
    expect(corridorFaults(workspace)).toEqual([
      'packages/low/src/double/kernels/wasm.ts takes a type from ../gradient.ts; it belongs in types.ts.',
    ]);
  });

  it.each(["import { expect } from 'vitest';", "import 'vitest/config';"])(
    'names a source that imports vitest by %j and is not for tests',
    (line) => {
      write('packages/high/src/check.ts', `${line}\n`);
      expect(corridorFaults(workspace)).toEqual([
        'packages/high/src/check.ts imports vitest, and is not for tests.',
      ]);
    },
  );

  it('names the way from an entry to vitest, through files and packages', () => {
    write('packages/high/src/index.ts', "export * from './check.ts';\n");
    write('packages/high/src/check.ts', "import { close } from '@neverend/low/testing';\n");
    expect(corridorFaults(workspace)).toEqual([
      'packages/high/src/index.ts reaches vitest by way of packages/high/src/check.ts, packages/low/src/testing.ts.',
    ]);
    write(
      'packages/high/src/check.ts',
      "const { it } = await import('@neverend/low/testing/more');\n",
    );
    expect(corridorFaults(workspace)).toEqual([
      'packages/high/src/index.ts reaches vitest by way of packages/high/src/check.ts, packages/low/src/testing/more.ts.',
    ]);
  });

  it('takes no comment and no text for an import', () => {
    write(
      'packages/high/src/index.ts',
      "/**\n * import { expect } from 'vitest';\n */\n// import 'vitest';\nconst text = `\n  import 'vitest';\n`;\n",
    );
    expect(corridorFaults(workspace)).toEqual([]);
  });
});

describe('the sources of another package', () => {
  it.each([
    ['src/index.ts', "import { double } from '@neverend/low/src/double/index.ts';"],
    ['src/index.ts', "export * from '../../low/src/index.ts';"],
    ['test/high.test.ts', "import type { Inputs } from '../../low/src/double/types.ts';"],
    ['test/high.test.ts', "const low = await import('../../low/src/index.ts');"],
    [
      'src/op/kernels/op.as.ts',
      "import { twice } from '../../../../low/src/double/kernels/double.as';",
    ],
    ['src/op/kernels/op.cc', '#include "../../../../low/src/double/kernels/double.h"'],
    ['src/op/kernels/op.h', '  #  include "../../../../low/src/double/kernels/double.h"'],
  ])('are named where %s has %s', (file, line) => {
    write(`packages/high/${file}`, `${line}\n`);
    const specifier = /['"](.*)['"]/.exec(line)?.[1];
    expect(sourceFaults(workspace)).toEqual([
      `packages/high/${file} imports ${specifier}, which is of the src of @neverend/low.`,
    ]);
  });

  it.each([
    "import { double } from '@neverend/low';",
    "import { exp } from '@neverend/low/assembly/exp.as';",
    "import { site } from '../../low/test/site.ts';",
    "import { own } from './src/own.ts';",
  ])('are not what %s imports', (line) => {
    write('packages/high/src/index.ts', `${line}\n`);
    expect(sourceFaults(workspace)).toEqual([]);
  });
});
