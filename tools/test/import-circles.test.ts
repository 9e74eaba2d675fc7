import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { circleFaults } from '../import-circles.mjs';

let workspace: string;
const write = (file: string, content = ''): void => {
  const path = join(workspace, 'packages/one', file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
};

beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'neverend-circles-'));
  write('package.json', JSON.stringify({ name: 'one' }));
  write('src/index.ts', "export { top } from './top/index.ts';\n");
  write(
    'src/top/index.ts',
    "import { low } from '../low/index.ts';\nimport { x } from './x.ts';\n",
  );
  write('src/top/x.ts', "import { more } from '../low/more.ts';\n");
  write('src/low/index.ts', "import { more } from './more.ts';\n");
  write('src/low/more.ts');
});
afterEach(() => rmSync(workspace, { recursive: true }));

it('finds none where there is none', () => {
  expect(circleFaults(workspace)).toEqual([]);
});

it('names the files of a circle, of types too', () => {
  write('src/low/more.ts', "import type { Low } from './index.ts';\n");
  const [index, more] = ['packages/one/src/low/index.ts', 'packages/one/src/low/more.ts'];
  expect(circleFaults(workspace)).toEqual([`${index} imports ${more} imports ${index}.`]);
});

it('names the folders of a circle whose files make none', () => {
  write('src/low/more.ts', "import { other } from '../top/other.ts';\n");
  write('src/top/other.ts');
  expect(circleFaults(workspace)).toEqual([
    'packages/one/src/low imports packages/one/src/top imports packages/one/src/low.',
  ]);
});

it('finds a circle of AssemblyScript, which names no file end', () => {
  write('src/low/a.as.ts', "import { b } from './b.as';\n");
  write('src/low/b.as.ts', "import { a } from './a.as';\n");
  expect(circleFaults(workspace)).toHaveLength(1);
});
