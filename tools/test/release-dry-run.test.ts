import { describe, expect, it } from 'vitest';
import { publishProblems } from '../release-dry-run.mjs';

/** A workspace, from the version of each of its packages. */
const workspace = (versions: Readonly<Record<string, string>>) =>
  Object.entries(versions).map(([name, version]) => ({
    folder: name,
    manifest: { name, version, exports: {} },
  }));

describe('the release dry run', () => {
  it('wants each new version published', () => {
    const problems = publishProblems(
      workspace({ first: '0.0.0', second: '0.0.0' }),
      workspace({ first: '0.1.0', second: '0.1.0' }),
      'npm notice\n+ first@0.1.0\nnpm notice second@0.1.00\n',
    );
    expect(problems).toEqual(['publish did not mention second@0.1.0']);
  });

  it('does not want a version published again that npm may have', () => {
    const problems = publishProblems(
      workspace({ first: '0.1.0', second: '0.1.0' }),
      workspace({ first: '0.1.0', second: '0.2.0' }),
      '+ second@0.2.0\n',
    );
    expect(problems).toEqual([]);
  });
});
