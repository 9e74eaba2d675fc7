const { join } = require('node:path');
const { useBackend } = require('@neverend/backend');

useBackend('wasm', { wasmPath: join(__dirname, 'wasm') }).then(({ device }) => console.log(device));
