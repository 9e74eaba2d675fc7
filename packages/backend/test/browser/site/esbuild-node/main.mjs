import { useBackend } from '@neverend/backend';

const wasmPath = new URL('./wasm/', import.meta.url).href;
console.log((await useBackend('wasm', { wasmPath })).device);
