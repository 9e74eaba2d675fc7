import { useBackend } from '@neverend/backend';
import { wholeAndStreamed } from './whole-and-streamed.ts';

const result = document.getElementById('result') as HTMLElement;
try {
  const { device } = await useBackend('wasm', { wasmPath: '/' });
  const { whole, difference, msPerFrame } = await wholeAndStreamed();
  result.dataset['whole'] = JSON.stringify(whole);
  result.dataset['difference'] = String(difference);
  result.textContent = `${device}: a frame takes ${msPerFrame.toFixed(1)} ms; the largest difference is ${difference}.`;
} catch (error) {
  result.textContent = String(error);
}
