import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../.ci/run', import.meta.url));
/** A process that was killed keeps its number until the system's first process has taken note. */
const eventually = { timeout: 20_000, interval: 100 };

let workspace: string;
let programs: string;

/** Puts a program on the path of the script, before the real one. */
function program(name: string, body: string): void {
  const file = join(programs, name);
  writeFileSync(file, `#!/bin/bash\n${body}\n`);
  chmodSync(file, 0o755);
}

// A workspace with nothing but the script, on a machine where every program succeeds.
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'neverend-whole-check-'));
  programs = join(workspace, 'programs');
  mkdirSync(programs);
  mkdirSync(join(workspace, '.ci'));
  copyFileSync(script, join(workspace, '.ci', 'run'));
  program('dpkg', 'exit 0');
  program('node', 'exit 0');
  // An environment of Python into which pip installs TensorFlow.
  program(
    'python3',
    `mkdir -p "$3/bin" "$3/lib/python3.11/site-packages/tensorflow"
printf '#!/bin/bash\\nexit 0\\n' >"$3/bin/pip"
chmod +x "$3/bin/pip"`,
  );
  npm("echo '3 passed, 0 failed'");
});
afterEach(() => rmSync(workspace, { recursive: true }));

/**
 * An npm whose `npm test` is as given. Its doctor sees all backends, it installs two versions of Node, on each of which
 * 2 tests pass, and it starts fine.
 */
function npm(test: string): void {
  program(
    'npm',
    `case $1 in
test) ${test} ;;
install)
  for node in "$node22" "$node24"; do
    mkdir -p "\${node%/*}"
    printf '#!/bin/bash\\necho "2 passed, 0 failed"\\n' >"$node"
    chmod +x "$node"
  done
  ;;
run)
  if [ "$2" = test:long ]; then
    printf 'tests of %s\\n5 passed, 0 failed\\n' "$4"
  else
    printf '%s 4.22.0 here\\n' tensorflow webgpu wasm cpu
  fi
  ;;
start) mkdir "$scratch/smoke" && echo report >"$scratch/smoke/report.html" ;;
esac`,
  );
}

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  readonly last: string | undefined;
}

/** Runs the script, with nothing in its environment but the path. `whenStarted` gets its process number; the rest are arguments. */
function wholeCheck(
  whenStarted: (pid: number) => void = () => {},
  ...parts: readonly string[]
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn('/bin/bash', ['.ci/run', ...parts], {
      cwd: workspace,
      env: { PATH: programs },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    if (child.pid !== undefined) whenStarted(child.pid);
    child.on('close', (code) =>
      resolve({ code, output, last: output.trimEnd().split('\n').at(-1) }),
    );
  });
}

// Ten steps beside the three that count their tests.
describe.runIf(process.platform === 'linux')('the whole check', () => {
  it('adds up tests and steps, on a path that has nothing and without a home', async () => {
    expect(await wholeCheck()).toMatchObject({ code: 0, last: '17 passed, 0 failed' });
  });

  it('finds the line of the tests before what npm says after it', async () => {
    npm("echo '3 passed, 0 failed'; echo 'npm notice New major version of npm available!' >&2");
    expect(await wholeCheck()).toMatchObject({ code: 0, last: '17 passed, 0 failed' });
  });

  it('runs parts of the long tests in the place of all but the setup', async () => {
    const { code, output, last } = await wholeCheck(() => {}, 'composites', 'nevis-stream');
    expect({ code, last }).toEqual({ code: 0, last: '13 passed, 0 failed' });
    expect(output).toContain('tests of composites\n');
    expect(output).toContain('tests of nevis-stream\n');
    expect(output).not.toContain('pack test');
  });

  it('says how long each step took, and all of them', async () => {
    const { output } = await wholeCheck();
    expect(output).toMatch(/^took \d+ s: npm test$/m);
    expect(output).toMatch(/^took \d+ s: pack test$/m);
    expect(output).toMatch(/^took \d+ min \d+ s$/m);
  });

  it('counts the tests that fail', async () => {
    npm("echo '3 passed, 2 failed'; exit 1");
    const { code, output, last } = await wholeCheck();
    expect({ code, last }).toEqual({ code: 1, last: '17 passed, 2 failed' });
    expect(output).toContain('failed: npm test\n');
  });

  it.each([
    ['fails without a failed test', "echo '3 passed, 0 failed'; exit 3", '17 passed, 1 failed'],
    ['prints no line', 'echo fine', '14 passed, 1 failed'],
    ['crashes', 'kill -SEGV $$', '14 passed, 1 failed'],
  ])('counts one failure when npm test %s', async (_, test, last) => {
    npm(test);
    expect(await wholeCheck()).toMatchObject({ code: 1, last });
  });

  it('counts a step that fails, and goes on', async () => {
    program('node', '[[ $1 != tools/pack.mjs ]]');
    const { code, output, last } = await wholeCheck();
    expect({ code, last }).toEqual({ code: 1, last: '16 passed, 1 failed' });
    expect(output).toContain('failed: pack test\n');
  });

  it('fails where the doctor misses a backend', async () => {
    npm("echo '3 passed, 0 failed'");
    const file = join(programs, 'npm');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace("'%s 4.22.0 here", "'%s - absent: gone"));
    const { code, output, last } = await wholeCheck();
    expect({ code, last }).toEqual({ code: 1, last: '16 passed, 1 failed' });
    expect(output).toContain('failed: doctor\n');
  });

  it('fails where the doctor finds fault with a kernel', async () => {
    npm("echo '3 passed, 0 failed'");
    const file = join(programs, 'npm');
    const text = readFileSync(file, 'utf8');
    writeFileSync(
      file,
      text.replace('webgpu wasm cpu', "webgpu wasm cpu '  not Gelu: it was 1 at 0, not 2'"),
    );
    expect(await wholeCheck()).toMatchObject({ code: 1, last: '16 passed, 1 failed' });
  });

  it('goes on when a step hangs, whatever the signals that it ignores', async () => {
    // Seconds in the place of minutes.
    program('timeout', 'shift 2; exec /usr/bin/timeout --kill-after=1 2 "$@"');
    npm("trap '' TERM; echo $$ >pid; while :; do read -rt 1 <> <(:); done");
    const { code, output, last } = await wholeCheck();
    expect({ code, last }).toEqual({ code: 1, last: '14 passed, 1 failed' });
    expect(output).toContain('failed: npm test\n');
    await expect.poll(() => isAlive('pid'), eventually).toBe(false);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('stops at %s, and with it what it runs', async (signal, code) => {
    npm('echo $$ >pid; exec sleep 60');
    const outcome = await wholeCheck((pid) => {
      const timer = setInterval(() => {
        if (!existsSync(join(workspace, 'pid'))) return;
        clearInterval(timer);
        process.kill(pid, signal);
      }, 20);
    });
    expect(outcome.code).toBe(code);
    expect(outcome.output).not.toContain('checks');
    await expect.poll(() => isAlive('pid'), eventually).toBe(false);
  });
});

/** Whether the process runs whose number is in a file of the workspace. */
function isAlive(file: string): boolean {
  const pid = Number(readFileSync(join(workspace, file), 'utf8'));
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
