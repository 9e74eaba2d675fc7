import { mkdtempSync, realpathSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { installedPackages } from '../src/installed-packages.ts';
import { workspaceFolders } from '../src/workspace-folders.ts';
import { writeFiles } from './tensorflow/made-project.ts';

type Files = Readonly<Record<string, string | object>>;

function make(files: Files, links: Readonly<Record<string, string>> = {}): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'neverend-walk-')));
  writeFiles(
    root,
    Object.fromEntries(
      Object.entries(files).map(([name, content]) => [
        name,
        typeof content === 'string' ? content : JSON.stringify(content),
      ]),
    ),
  );
  for (const [name, target] of Object.entries(links)) {
    writeFiles(root, { [`${name}.made`]: '' });
    symlinkSync(join(root, target), join(root, name));
  }
  return root;
}

/** The packages by their folders, from the root. */
const walk = (root: string, project = '.'): string[] =>
  installedPackages(workspaceFolders(join(root, project))).map(({ folder }) =>
    relative(root, folder),
  );

it('follows the folders of pnpm, dependencies first, round a circle, past what is not installed', () => {
  const store = 'node_modules/.pnpm';
  const root = make(
    {
      'package.json': { dependencies: { a: '1' }, devDependencies: { d: '1' } },
      [`${store}/a@1/node_modules/a/package.json`]: {
        ...{ name: 'a', dependencies: { b: '1' }, devDependencies: { dev: '1' } },
        optionalDependencies: { absent: '1' },
      },
      [`${store}/b@1/node_modules/b/package.json`]: { name: 'b', peerDependencies: { a: '1' } },
      [`${store}/d@1/node_modules/d/package.json`]: { name: 'd' },
      [`${store}/dev@1/node_modules/dev/package.json`]: { name: 'dev' },
      [`${store}/node_modules/hoisted/package.json`]: { name: 'hoisted' },
    },
    {
      'node_modules/a': `${store}/a@1/node_modules/a`,
      'node_modules/d': `${store}/d@1/node_modules/d`,
      [`${store}/a@1/node_modules/b`]: `${store}/b@1/node_modules/b`,
      [`${store}/b@1/node_modules/a`]: `${store}/a@1/node_modules/a`,
    },
  );
  expect(walk(root)).toEqual([
    `${store}/b@1/node_modules/b`,
    `${store}/a@1/node_modules/a`,
    `${store}/d@1/node_modules/d`,
    '',
  ]);
});

it('finds both of two versions, and a linked package with what lies beside it', () => {
  const root = make(
    {
      'app/package.json': { dependencies: { a: '1', c: '2', linked: 'link:../linked' } },
      'app/node_modules/a/package.json': { name: 'a', version: '1.0.0', dependencies: { c: '1' } },
      'app/node_modules/a/node_modules/c/package.json': { name: 'c', version: '1.0.0' },
      'app/node_modules/c/package.json': { name: 'c', version: '2.0.0' },
      'linked/package.json': { name: 'linked', dependencies: { own: '1' } },
      'linked/node_modules/own/package.json': { name: 'own' },
    },
    { 'app/node_modules/linked': 'linked' },
  );
  expect(walk(root, 'app')).toEqual([
    'app/node_modules/a/node_modules/c',
    'app/node_modules/a',
    'app/node_modules/c',
    'linked/node_modules/own',
    'linked',
    'app',
  ]);
});

const members = {
  'packages/one/package.json': { name: 'one' },
  'packages/two/package.json': { name: 'two' },
  'packages/old/package.json': { name: 'old' },
  'packages/one/test/fixture/package.json': { name: 'fixture' },
  'apps/deep/web/package.json': { name: 'web' },
  'elsewhere/package.json': { name: 'elsewhere' },
};

it.each<[string, Files]>([
  [
    'pnpm',
    {
      'package.json': {},
      'pnpm-workspace.yaml':
        '# ours\npackages:\n  - packages/*   # all\n\n  - \'apps/**\'\n  - "!packages/old"\ncatalog:\n  - elsewhere\n',
    },
  ],
  [
    'pnpm, in brackets',
    {
      'package.json': {},
      'pnpm-workspace.yaml':
        '{"packages": ["packages/*", "apps/**", "!packages/old"], "x": ["elsewhere"]}',
    },
  ],
  ['npm', { 'package.json': { workspaces: ['packages/*', 'apps/**', '!packages/old'] } }],
  [
    'Yarn',
    { 'package.json': { workspaces: { packages: ['./packages/*', 'apps/**', '!packages/old'] } } },
  ],
])('takes the root and all members of a workspace of %s', (_, files) => {
  const root = make({ ...members, ...files });
  const found = (project: string) =>
    workspaceFolders(join(root, project)).map((folder) => relative(root, folder));
  expect(found('')).toEqual(['', 'packages/one', 'packages/two', 'apps/deep/web']);
  expect(found('packages/two')).toEqual(['packages/two', '', 'packages/one', 'apps/deep/web']);
  // This folder is no member of the workspace.
  expect(found('elsewhere')).toEqual(['elsewhere']);
});
