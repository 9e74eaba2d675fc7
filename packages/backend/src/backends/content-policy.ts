/** What a host or a Content-Security-Policy refuses, and what mends it. */
export interface Refusal {
  readonly reason: string;
  readonly fix?: string;
}

interface PolicyWatch {
  /** What was refused first since the watch began, by this directive where one is named; undefined where nothing was. */
  refusal(directive?: string): Promise<Refusal | undefined>;
  stop(): void;
}

/** The part of browsers' `SecurityPolicyViolationEvent` that is read here. */
interface Violation extends Event {
  readonly effectiveDirective: string;
  readonly blockedURI: string;
  readonly disposition: 'enforce' | 'report';
}

/** Notes what the policy of this page or worker refuses: the errors themselves do not say so. In Node nothing is refused. */
export function watchPolicy(): PolicyWatch {
  const first = new Map<string | undefined, Refusal>();
  const note = (event: Event): void => {
    const { effectiveDirective, blockedURI, disposition } = event as Violation;
    if (disposition !== 'enforce') return;
    const source = blockedURI === 'blob' ? 'blob:' : blockedURI;
    const reason = `its Content-Security-Policy refuses ${source} (${effectiveDirective})`;
    const fix = `add ${source} to ${effectiveDirective} in the Content-Security-Policy`;
    // Of the directives, these are lists of sources.
    const refusal = effectiveDirective.endsWith('-src') ? { reason, fix } : { reason };
    for (const directive of [undefined, effectiveDirective]) {
      if (!first.has(directive)) first.set(directive, refusal);
    }
  };
  const name = 'securitypolicyviolation';
  globalThis.addEventListener?.(name, note);
  return {
    async refusal(directive) {
      // Browsers report it in a task of its own.
      await new Promise((resolve) => setTimeout(resolve, 20));
      return first.get(directive);
    },
    stop: () => globalThis.removeEventListener?.(name, note),
  };
}

/** Why this host compiles no WebAssembly at all; undefined where it does. */
export async function whyNoWebAssembly(): Promise<Refusal | undefined> {
  if (typeof WebAssembly === 'undefined') return { reason: 'this host has no WebAssembly' };
  try {
    // The smallest module: four bytes that say what it is, four of the version.
    await WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    return undefined;
  } catch (error) {
    const text = String(error);
    if (!/content security policy|\bCSP\b|unsafe-eval/i.test(text)) {
      return { reason: `this host refuses to compile WebAssembly: ${text}` };
    }
    return {
      reason:
        'the Content-Security-Policy refuses WebAssembly (script-src, or default-src where there is no script-src)',
      fix: "add 'wasm-unsafe-eval' to script-src in the Content-Security-Policy",
    };
  }
}
