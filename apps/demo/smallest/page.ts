import { openCamera, transferFrames } from '@neverend/trecvit/video';

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
worker.onmessage = ({ data }) => document.querySelector('p')?.replaceChildren(data);
const { frames, transfer } = transferFrames(await openCamera());
worker.postMessage(frames, transfer);
