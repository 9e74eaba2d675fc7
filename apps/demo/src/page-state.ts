import type { About } from './protocol.ts';

type Source = 'camera' | 'file';

/** One sentence for the reader: of something that went wrong, of a pause, or of a machine that is too slow. */
interface Notice {
  readonly kind: 'fault' | 'pause' | 'speed';
  readonly text: string;
}

/** The model and what it runs on. */
type Engine =
  | { readonly phase: 'loading'; readonly fraction?: number }
  | { readonly phase: 'ready'; readonly about: About }
  | { readonly phase: 'broken' };

/** The video. A hidden one waits until its tab is seen again. */
type Session =
  | { readonly phase: 'idle' }
  | { readonly phase: 'opening' | 'running' | 'hidden' | 'ended'; readonly source: Source };

export interface PageState {
  readonly engine: Engine;
  readonly session: Session;
  readonly notice: Notice | undefined;
}

export type PageEvent =
  | { readonly type: 'loading'; readonly fraction?: number }
  | { readonly type: 'ready'; readonly about: About }
  | { readonly type: 'broken'; readonly sentence: string }
  | { readonly type: 'open'; readonly source: Source }
  | { readonly type: 'running' }
  | { readonly type: 'failed'; readonly sentence: string }
  /** Something was asked for that cannot be done; all goes on. */
  | { readonly type: 'refused'; readonly sentence: string }
  | { readonly type: 'stopped' }
  | { readonly type: 'ended' }
  | { readonly type: 'hidden' }
  | { readonly type: 'seen again'; readonly seconds: number }
  /** The sentence about a pause has been there long enough to be read. */
  | { readonly type: 'pause told' }
  | { readonly type: 'speed'; readonly sentence: string | undefined };

export const firstState: PageState = {
  engine: { phase: 'loading' },
  session: { phase: 'idle' },
  notice: undefined,
};

/** What the page is after something happened; the same object where nothing changes. */
export function nextState(state: PageState, event: PageEvent): PageState {
  const { session } = state;
  switch (event.type) {
    case 'loading': {
      const { type: _, ...progress } = event;
      return { ...state, engine: { phase: 'loading', ...progress } };
    }
    case 'ready':
      return { ...state, engine: { phase: 'ready', about: event.about } };
    case 'broken':
      return {
        engine: { phase: 'broken' },
        session: { phase: 'idle' },
        notice: { kind: 'fault', text: event.sentence },
      };
    case 'open':
      return {
        ...state,
        session: { phase: 'opening', source: event.source },
        notice: undefined,
      };
    case 'running':
      return session.phase === 'opening'
        ? { ...state, session: { ...session, phase: 'running' } }
        : state;
    case 'failed':
      return {
        ...state,
        session: { phase: 'idle' },
        notice: { kind: 'fault', text: event.sentence },
      };
    case 'refused':
      return { ...state, notice: { kind: 'fault', text: event.sentence } };
    case 'stopped':
      return { ...state, session: { phase: 'idle' }, notice: undefined };
    case 'ended':
      return session.phase === 'idle'
        ? state
        : { ...state, session: { phase: 'ended', source: session.source }, notice: undefined };
    case 'hidden':
      return session.phase === 'running'
        ? { ...state, session: { ...session, phase: 'hidden' } }
        : state;
    case 'seen again': {
      if (session.phase !== 'hidden') return state;
      const text = `This tab was hidden for ${forPeople(event.seconds)}, in which nothing was classified; it goes on now.`;
      return {
        ...state,
        session: { ...session, phase: 'running' },
        notice: { kind: 'pause', text },
      };
    }
    case 'pause told':
      return state.notice?.kind === 'pause' ? { ...state, notice: undefined } : state;
    case 'speed': {
      const { notice } = state;
      const free = notice === undefined || notice.kind === 'speed';
      if (session.phase !== 'running' || !free || notice?.text === event.sentence) return state;
      return {
        ...state,
        notice: event.sentence === undefined ? undefined : { kind: 'speed', text: event.sentence },
      };
    }
  }
}

function forPeople(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  if (whole < 90) return whole === 1 ? 'a second' : `${whole} seconds`;
  return `${Math.round(whole / 60)} minutes`;
}

/** What of the page depends on its state. */
export interface PageView {
  readonly status: string;
  /** Which picture is shown. */
  readonly picture: Source | 'none';
  readonly cameraLabel: string;
  readonly fileLabel: string;
  /** Whether there is something to stop. */
  readonly canStop: boolean;
  /** Whether a source can be chosen. */
  readonly canOpen: boolean;
  /** The title of the tab. */
  readonly title: string;
}

export function viewOf({ engine, session }: PageState): PageView {
  const canStop = session.phase !== 'idle' && session.phase !== 'ended';
  const ended = session.phase === 'ended';
  return {
    status: statusOf(engine, session),
    picture: session.phase === 'idle' || session.phase === 'opening' ? 'none' : session.source,
    cameraLabel: 'Use camera',
    fileLabel: ended ? 'Open another video' : 'Open a video',
    canStop,
    canOpen: engine.phase !== 'broken',
    title: session.phase === 'hidden' ? 'Paused: What is moving?' : 'What is moving?',
  };
}

/** What is worse on this machine or page than it could be is said once, while nothing runs. */
function readyWith({ name, warning }: About['backend']): string {
  return warning === undefined
    ? 'The model is ready.'
    : `The model is ready. ${name}: ${warning.replace(/\.?$/, '.')}`;
}

function statusOf(engine: Engine, session: Session): string {
  if (engine.phase === 'broken') return 'No model is loaded.';
  if (engine.phase === 'loading') {
    const { fraction } = engine;
    return fraction === undefined
      ? 'Loading the model.'
      : `Loading the model: ${Math.floor(100 * fraction)} %.`;
  }
  switch (session.phase) {
    case 'idle':
      return readyWith(engine.about.backend);
    case 'opening':
      return session.source === 'camera'
        ? 'Waiting for the camera: the browser asks you first.'
        : 'Opening the video.';
    case 'running':
      return session.source === 'camera' ? 'Watching the camera.' : 'Watching the video.';
    case 'hidden':
      return 'Paused while this tab is hidden.';
    case 'ended':
      return 'The video has ended.';
  }
}
