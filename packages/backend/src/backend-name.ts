/** The backends that neverend knows, best first where all of them run on hardware. */
export const backendNames = ['tensorflow', 'webgpu', 'wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];

/** Also taken, by its name alone: `webgl` has no kernels of its own here, and exists in browsers only. */
export type ChosenName = BackendName | 'webgl';
