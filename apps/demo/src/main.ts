import { Engine } from './engine.ts';
import { cameraFeed, cameraLost, type Feed, fileFeed } from './feed.ts';
import { firstState, nextState, type PageEvent } from './page-state.ts';
import { PageParts } from './page-view.ts';
import type { FromWorker } from './protocol.ts';
import { ResultView } from './result-view.ts';
import { sentenceOf } from './sentence.ts';
import { onSettings } from './settings.ts';

const parts = new PageParts();
const result = new ResultView();
const engine = new Engine(hear);
let state = firstState;
let feed: Feed | undefined;
/** What an earlier video said late is told apart by it. */
let session = 0;
let hiddenAt: number | undefined;

function happen(event: PageEvent): void {
  const before = state;
  state = nextState(state, event);
  if (state !== before) parts.show(state);
}

const now = (): number => performance.now() / 1000;

function hear(message: FromWorker): void {
  switch (message.type) {
    case 'loading':
    case 'broken':
      if (message.type === 'broken') closeFeed();
      happen(message);
      return;
    case 'ready':
      result.about = message.about;
      happen(message);
      return;
    case 'stopped':
      // For tests, and for whoever looks for a leak.
      parts.screen.dataset['tensorsLeft'] = String(message.tensors);
      parts.screen.dataset['stops'] = String(Number(parts.screen.dataset['stops'] ?? 0) + 1);
      return;
    default:
      if (message.session !== session) return;
  }
  if (message.type === 'failed') fail(message.sentence);
  else if (message.type === 'ended') {
    // A page that stops a camera has another session by then.
    if (parts.camera.srcObject !== null) fail(sentenceOf(cameraLost()));
    else {
      closeFeed();
      happen({ type: 'ended' });
    }
  } else happen({ type: 'speed', sentence: result.show(message.step, now()) });
}

/** Opens a video in the place of the one before. */
async function open(source: 'camera' | 'file', openFeed: () => Promise<Feed>): Promise<void> {
  closeFeed();
  result.clear();
  const mine = session;
  happen({ type: 'open', source });
  try {
    const opened = await openFeed();
    // Stopped, or another one was opened, meanwhile.
    if (mine !== session) return opened.close();
    feed = opened;
    engine.watch(session, opened.frames, opened.transfer);
    happen({ type: 'running' });
  } catch (error) {
    if (mine === session) fail(sentenceOf(error));
  }
}

function closeFeed(): void {
  session += 1;
  if (feed === undefined) return;
  feed.close();
  feed = undefined;
  engine.stop();
}

function fail(sentence: string): void {
  closeFeed();
  happen({ type: 'failed', sentence });
}

function openFile(file: File | undefined): void {
  if (file !== undefined) void open('file', () => fileFeed(file, parts.film));
}

parts.useCamera.addEventListener('click', () => {
  void open('camera', () => cameraFeed(parts.camera, () => fail(sentenceOf(cameraLost()))));
});
parts.openFile.addEventListener('click', () => parts.file.click());
parts.file.addEventListener('change', () => {
  openFile(parts.file.files?.[0]);
  // The same file may be chosen again.
  parts.file.value = '';
});
parts.stop.addEventListener('click', () => {
  closeFeed();
  happen({ type: 'stopped' });
});

for (const type of ['dragover', 'dragleave', 'drop'] as const) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    parts.screen.classList.toggle('dropping', type === 'dragover');
    if (type === 'drop') openFile(event.dataTransfer?.files[0]);
  });
}

document.addEventListener('visibilitychange', () => {
  if (document.hidden) {
    hiddenAt = now();
    happen({ type: 'hidden' });
  } else {
    happen({ type: 'seen again', seconds: now() - (hiddenAt ?? now()) });
    setTimeout(() => happen({ type: 'pause told' }), 10_000);
  }
  feed?.pause(document.hidden);
  engine.pause(document.hidden);
});

onSettings(
  (settings) => {
    closeFeed();
    result.clear();
    result.about = undefined;
    happen({ type: 'stopped' });
    happen({ type: 'loading' });
    engine.load(settings.backend, settings.model);
  },
  (sentence) => happen({ type: 'refused', sentence }),
);

parts.show(state);
engine.load('auto', { kind: 'shipped' });
