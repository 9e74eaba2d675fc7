import { afterEach, describe, expect, it, vi } from 'vitest';
import { commandOf, type RunnerKind } from '../src/runner-list.ts';

afterEach(() => vi.unstubAllEnvs());

const kind: RunnerKind = { id: 'a', title: 'A', role: 'peer', script: ['a.py'] };
const tunables = () => commandOf(kind, 1, 'python').env['GLIBC_TUNABLES'];

describe('the environment of a runner', () => {
  it('asks for large pages', () => {
    vi.stubEnv('GLIBC_TUNABLES', undefined);
    expect(tunables()).toBe('glibc.malloc.hugetlb=1');
    vi.stubEnv('GLIBC_TUNABLES', '');
    expect(tunables()).toBe('glibc.malloc.hugetlb=1');
  });

  it("keeps the user's other tunables", () => {
    vi.stubEnv('GLIBC_TUNABLES', 'glibc.malloc.perturb=1:glibc.malloc.hugetlb=0');
    expect(tunables()).toBe('glibc.malloc.perturb=1:glibc.malloc.hugetlb=0:glibc.malloc.hugetlb=1');
  });
});
