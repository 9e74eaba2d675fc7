import { openCamera, transferFrames } from '@neverend/trecvit/video';

const show = (text: string) => document.querySelector('p')?.replaceChildren(text);
const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
worker.onmessage = ({ data }) => show(data);
try {
  const { frames, transfer } = transferFrames(await openCamera());
  worker.postMessage(frames, transfer);
} catch (error) {
  show((error as Error).message);
}
