import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readmes = [
  // The root's examples see what the package with the most dependencies sees.
  { file: 'README.md', folder: 'packages/nevis-stream' },
  ...readdirSync(join(root, 'packages')).map((name) => ({
    file: `packages/${name}/README.md`,
    folder: `packages/${name}`,
  })),
];

/** The ```ts blocks of a markdown file, each with the line that it starts on. */
function examples(markdown: string): { line: number; code: string }[] {
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => ({
    line: markdown.slice(0, match.index).split('\n').length,
    code: match[1] ?? '',
  }));
}

describe.each(readmes)('$file', ({ file, folder }) => {
  const found = examples(readFileSync(join(root, file), 'utf8'));

  it('has an example', () => expect(found).not.toEqual([]));

  it.each(found)('runs its example on line $line', ({ code }) => {
    // Read from stdin, a script resolves its imports from the working folder, as a user's file there would.
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', 'tsx', '--conditions=@neverend/source', '--input-type=module', '-'],
      {
        cwd: join(root, folder),
        input: transformSync(code, { loader: 'ts', format: 'esm', target: 'es2022' }).code,
        encoding: 'utf8',
        timeout: 110_000,
        // Vitest's own variables would change what a program does.
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
      },
    );
    expect({ status, stdout, stderr }).toMatchObject({ status: 0 });
  });
});
