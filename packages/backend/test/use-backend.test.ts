import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Start } from '../src/backends/start.ts';
import { BackendError, type BackendName, backendNames } from '../src/index.ts';
import { choose } from '../src/use-backend.ts';

type State = 'absent' | 'on the CPU' | 'on a software GPU' | 'on a GPU';

/** Ways to start each backend that only tell what they are told, and the names that were started. */
function machine(states: Readonly<Partial<Record<BackendName, State>>>): {
  start: Record<BackendName, Start>;
  started: BackendName[];
} {
  const started: BackendName[] = [];
  const startOf =
    (name: BackendName): Start =>
    async () => {
      started.push(name);
      const state = states[name] ?? 'absent';
      if (state === 'absent') {
        return { available: false, name, reason: `no ${name}`, fix: `get ${name}` };
      }
      return {
        available: true,
        name,
        version: '4.22.0',
        device: `${name} ${state}`,
        hardwareGpu: state === 'on a GPU',
        softwareGpu: state === 'on a software GPU',
      };
    };
  const [tensorflow, webgpu, wasm, cpu] = backendNames.map(startOf) as [Start, Start, Start, Start];
  return { start: { tensorflow, webgpu, wasm, cpu }, started };
}

describe('auto', () => {
  it('takes tensorflow on CUDA and tries nothing else', async () => {
    const { start, started } = machine({ tensorflow: 'on a GPU', webgpu: 'on a GPU' });
    expect(await choose('auto', {}, start)).toEqual({
      name: 'tensorflow',
      version: '4.22.0',
      device: 'tensorflow on a GPU',
      hardwareGpu: true,
      softwareGpu: false,
      kept: false,
      skipped: [],
    });
    expect(started).toEqual(['tensorflow']);
  });

  it('takes webgpu on real hardware before tensorflow on the CPU', async () => {
    const { start } = machine({ tensorflow: 'on the CPU', webgpu: 'on a GPU', wasm: 'on the CPU' });
    const { name, skipped } = await choose('auto', {}, start);
    expect(name).toBe('webgpu');
    expect(skipped).toEqual([
      {
        name: 'tensorflow',
        reason: 'it found no GPU that it can use over CUDA (tensorflow on the CPU)',
      },
    ]);
  });

  it('takes tensorflow on the CPU before a software GPU, and starts it again', async () => {
    const { start, started } = machine({
      tensorflow: 'on the CPU',
      webgpu: 'on a software GPU',
      wasm: 'on the CPU',
    });
    const { name, device, skipped } = await choose('auto', {}, start);
    expect([name, device]).toEqual(['tensorflow', 'tensorflow on the CPU']);
    expect(started).toEqual(['tensorflow', 'webgpu', 'tensorflow']);
    expect(skipped.map((entry) => entry.name)).toEqual(['tensorflow', 'webgpu']);
    expect(skipped[1]?.reason).toContain('played by software (webgpu on a software GPU)');
  });

  it('takes wasm before a software GPU, and names what would mend the absent one', async () => {
    const { start } = machine({
      webgpu: 'on a software GPU',
      wasm: 'on the CPU',
      cpu: 'on the CPU',
    });
    const { name, skipped } = await choose('auto', {}, start);
    expect(name).toBe('wasm');
    expect(skipped[0]).toEqual({
      name: 'tensorflow',
      reason: 'no tensorflow',
      fix: 'get tensorflow',
    });
    expect(skipped).toHaveLength(2);
  });

  it('takes cpu last', async () => {
    const { start } = machine({ cpu: 'on the CPU' });
    const { name, skipped } = await choose('auto', {}, start);
    expect(name).toBe('cpu');
    expect(skipped.map((entry) => entry.name)).toEqual(['tensorflow', 'webgpu', 'wasm']);
  });

  it('fails with every reason where nothing runs', async () => {
    const failure = choose('auto', {}, machine({}).start);
    await expect(failure).rejects.toBeInstanceOf(BackendError);
    await expect(failure).rejects.toThrow(
      'no backend can run here. tensorflow: no tensorflow; webgpu: no webgpu; wasm: no wasm; cpu: no cpu',
    );
  });

  it('follows its order on every machine, and says why each better backend was not taken', async () => {
    const cpuOr = (...states: State[]): fc.Arbitrary<State> =>
      fc.constantFrom<State>('absent', ...states);
    const states = fc.record({
      tensorflow: cpuOr('on the CPU', 'on a GPU'),
      webgpu: cpuOr('on a software GPU', 'on a GPU'),
      wasm: cpuOr('on the CPU'),
      cpu: fc.constant<State>('on the CPU'),
    });
    await fc.assert(
      fc.asyncProperty(states, async (state) => {
        const order: [BackendName, boolean][] = [
          ['tensorflow', state.tensorflow === 'on a GPU'],
          ['webgpu', state.webgpu === 'on a GPU'],
          ['tensorflow', state.tensorflow === 'on the CPU'],
          ['wasm', state.wasm !== 'absent'],
          ['cpu', true],
        ];
        const best = order.findIndex(([, taken]) => taken);
        const { start, started } = machine(state);
        const { name, skipped } = await choose('auto', {}, start);
        expect(name).toBe(order[best]?.[0]);
        // What was started last is what is current.
        expect(started.at(-1)).toBe(name);
        const better = new Set(order.slice(0, best).map(([backend]) => backend));
        expect(new Set(skipped.map((entry) => entry.name))).toEqual(better);
        expect(skipped).toHaveLength(better.size);
      }),
    );
  });
});

describe('a name', () => {
  it('takes a software GPU too', async () => {
    const { start, started } = machine({ webgpu: 'on a software GPU' });
    expect(await choose('webgpu', {}, start)).toMatchObject({ name: 'webgpu', softwareGpu: true });
    expect(started).toEqual(['webgpu']);
  });

  it('fails with the reason and what mends it where that backend is absent', async () => {
    const failure = choose('wasm', {}, machine({ cpu: 'on the CPU' }).start);
    await expect(failure).rejects.toBeInstanceOf(BackendError);
    await expect(failure).rejects.toThrow(
      'the backend "wasm" cannot run here: no wasm (mend it: get wasm)',
    );
  });

  it('must be a known one', async () => {
    const failure = choose('cuda' as BackendName, {}, machine({}).start);
    await expect(failure).rejects.toThrow(
      'choice was "cuda"; it must be one of auto, tensorflow, webgpu, wasm, cpu',
    );
  });
});
