import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { toolScript } from '../workspace.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readmes = [
  { file: 'README.md', folder: 'examples' },
  ...readdirSync(join(root, 'packages')).map((name) => ({
    file: `packages/${name}/README.md`,
    folder: `packages/${name}`,
  })),
];

/** Guides of which all examples are one program, from the top to the bottom. */
const guides = [{ file: 'docs/a-million-experts.md', folder: 'packages/peer' }];

/** The blocks of code of a markdown file, each with its language and the line that it starts on. */
function blocks(markdown: string): { line: number; language: string; code: string }[] {
  return [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map((match) => ({
    line: markdown.slice(0, match.index).split('\n').length,
    language: match[1] ?? '',
    code: match[2] ?? '',
  }));
}

describe.each([...readmes, ...guides])('$file', ({ file, folder }) => {
  const found = blocks(readFileSync(join(root, file), 'utf8'));
  const single = found.filter(({ language }) => language === 'ts');
  const examples = guides.some((guide) => guide.file === file)
    ? [{ line: single[0]?.line, code: single.map(({ code }) => code).join('\n') }]
    : single;

  it('has an example', () => expect(single).not.toEqual([]));

  it('has no example that no test runs', () => {
    const others = /^(js|jsx|javascript|mjs|cjs|mts|cts|tsx|typescript)$/i;
    expect(found.filter(({ language }) => others.test(language))).toEqual([]);
  });

  it.each(examples)('runs its example on line $line', ({ code }) => {
    // Read from stdin, a program resolves its imports from the working folder, as a user's file there would. Our packages are
    // put into it, which takes a fraction of the time that Node needs to load their sources one by one.
    const cwd = join(root, folder);
    const [bundle] = buildSync({
      stdin: { contents: code, loader: 'ts', resolveDir: cwd },
      ...{ bundle: true, write: false, platform: 'node', format: 'esm', target: 'es2022' },
      conditions: ['@neverend/source'],
      external: ['@tensorflow/*', '@neverend/nevis-open', 'cli-progress', 'commander', 'webgpu'],
    }).outputFiles;
    if (bundle === undefined) throw new Error('esbuild made no file');
    const source = bundle.text.includes('@neverend/nevis-open')
      ? ['--import', 'tsx', '--conditions=@neverend/source']
      : [];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [...source, '--input-type=module', '-'],
      {
        cwd,
        input: bundle.text,
        encoding: 'utf8',
        timeout: 110_000,
        // Vitest's own variables would change what a program does.
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
      },
    );
    expect({ status, stdout, stderr }).toMatchObject({ status: 0 });
  });
});

const generated = ['node_modules', 'dist', 'api', 'runs', 'coverage'];

/** Every markdown file of the repository, by its path in it. */
function markdownFiles(folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isFile()) return entry.name.endsWith('.md') ? [path] : [];
    const skipped = entry.name.startsWith('.') || generated.includes(entry.name);
    return entry.isDirectory() && !skipped ? markdownFiles(path) : [];
  });
}

/** Programs for pages cannot run here, but their types can be checked: ` ```ts page `. */
describe('programs for pages', () => {
  const programs = markdownFiles().flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/^```ts page\n(.*?)^```$/gms)].map(
      (match) => ({ file, code: match[1] ?? '' }),
    ),
  );

  it('have the types of the packages', () => {
    expect(programs).not.toEqual([]);
    // What the page depends on is what they import.
    const cache = join(root, 'apps', 'demo', '.cache');
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, 'pages-'));
    try {
      const files = programs.map(({ file, code }, index) => {
        const name = `${index}-${file.replaceAll(/\W/g, '-')}.ts`;
        writeFileSync(join(folder, name), code);
        return name;
      });
      const config = { extends: '../../tsconfig.json', include: [], files };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
      const { stdout, status } = spawnSync(
        process.execPath,
        [toolScript('typescript7', 'bin', 'tsc'), '--noEmit', '-p', folder],
        { encoding: 'utf8' },
      );
      expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** What the links and pictures of a markdown file lead to inside the repository. */
function relativeTargets(markdown: string): string[] {
  const prose = markdown.replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, '');
  const links = prose.matchAll(
    /\]\(\s*<?([^)\s>]+)|\b(?:src|href)="([^"]+)"|^\[[^\]]+\]:\s*(\S+)/gm,
  );
  return [...links]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
    .filter((target) => !/^([a-z]+:|#)/i.test(target))
    .map((target) => decodeURIComponent(target.replace(/[?#].*$/, '')));
}

describe('every markdown file', () => {
  it.each(markdownFiles())('%s leads only to files that exist', (file) => {
    const targets = relativeTargets(readFileSync(join(root, file), 'utf8'));
    expect(targets.filter((target) => !existsSync(join(root, dirname(file), target)))).toEqual([]);
  });

  it('is searched for links, pictures and references, but not in code', () => {
    const markdown = `[a](a.md#part) ![b](<b.png> "B") [\`c\`](c) [web](https://a.b/c) [here](#d)
<img src="e.svg">

[f]: f.md
\`[no](no.md)\`
\`\`\`sh
[no](no.md)
\`\`\`
`;
    expect(relativeTargets(markdown)).toEqual(['a.md', 'b.png', 'c', 'e.svg', 'f.md']);
  });
});
