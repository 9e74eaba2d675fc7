import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

type Dependencies = Readonly<Record<string, string>>;

/** What is read of a package.json. */
export interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly main?: string;
  readonly exports?: unknown;
  readonly neverend?: { readonly kernels?: string };
  readonly workspaces?: readonly string[] | { readonly packages?: readonly string[] };
  readonly dependencies?: Dependencies;
  readonly devDependencies?: Dependencies;
  readonly optionalDependencies?: Dependencies;
  readonly peerDependencies?: Dependencies;
}

/** Undefined where there is none that can be read. */
export function readManifest(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  } catch {
    return undefined;
  }
}

/**
 * A project and, where it is in a workspace of pnpm, npm, Yarn or Bun, the root and all members of that: they share what is
 * installed.
 */
export function workspaceFolders(folder: string): string[] {
  const project = realpathSync(folder);
  for (let root = project; ; root = dirname(root)) {
    const patterns = workspacePatterns(root);
    if (patterns !== undefined) {
      const members = expand(root, patterns);
      if (root === project || members.includes(project)) {
        return [project, ...[root, ...members].filter((folder) => folder !== project)];
      }
    }
    if (dirname(root) === root) return [project];
  }
}

function workspacePatterns(root: string): readonly string[] | undefined {
  const file = join(root, 'pnpm-workspace.yaml');
  if (existsSync(file)) return yamlList(readFileSync(file, 'utf8'), 'packages');
  const workspaces = readManifest(root)?.workspaces;
  return workspaces === undefined || Array.isArray(workspaces)
    ? (workspaces as readonly string[] | undefined)
    : (workspaces as { readonly packages?: readonly string[] }).packages;
}

/** A list of strings of a YAML file's outermost map, in a block or in brackets; empty where there is none. */
function yamlList(text: string, key: string): string[] {
  const [, inBrackets] =
    new RegExp(`^\\W{0,3}${key}["']?:\\s*\\[([^\\]]*)\\]`, 'm').exec(text) ?? [];
  const [, block] =
    new RegExp(`^["']?${key}["']?:[^\\S\\n]*(?:#.*)?\\n((?:\\s*(?:-.*|#.*)?\\n)*)`, 'm').exec(
      `${text}\n`,
    ) ?? [];
  const items = inBrackets?.split(',') ?? block?.split('\n') ?? [];
  return items.flatMap((item) => {
    const [, value] = /^\s*(?:-\s+)?["']?([^"'#\s][^"'#]*?)["']?\s*(?:#.*)?$/.exec(item) ?? [];
    return value === undefined ? [] : [value];
  });
}

/** The folders with a package.json that patterns as `packages/*`, `apps/**` and `!apps/old` name. */
function expand(root: string, patterns: readonly string[]): string[] {
  const folders = (pattern: string): string[] => {
    const parts = pattern
      .replace(/^!/, '')
      .split('/')
      .filter((part) => part !== '' && part !== '.');
    return parts.reduce((found, part) => found.flatMap((folder) => below(folder, part)), [root]);
  };
  const [without, withThem] = [true, false].map((excludes) =>
    patterns.filter((pattern) => pattern.startsWith('!') === excludes).flatMap(folders),
  ) as [string[], string[]];
  return [...new Set(withThem)].filter(
    (folder) => !without.includes(folder) && existsSync(join(folder, 'package.json')),
  );
}

function below(folder: string, part: string): string[] {
  if (!part.includes('*')) return existsSync(join(folder, part)) ? [join(folder, part)] : [];
  const children = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .map(({ name }) => name);
  if (part === '**') {
    return [folder, ...children.flatMap((name) => below(join(folder, name), '**'))];
  }
  const name = new RegExp(`^${part.replace(/[.+^$()|[\]{}?\\]/g, '\\$&').replaceAll('*', '.*')}$`);
  return children.filter((child) => name.test(child)).map((child) => join(folder, child));
}
