import type { Ref } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { age, t, tOf } from '../texts.ts';
import { nowMs } from '../ticker.ts';
import { KeptPicture } from './kept-picture.ts';
import { type About, Player, type PlayerState } from './player.ts';
import { showRecorded } from './recorded.ts';

export interface LivePicture {
  video: Ref<HTMLVideoElement>;
  kept: Ref<HTMLCanvasElement>;
  state: PlayerState;
  /** What is to be said about it. */
  text: string;
  /** How old it is, where it does not move. */
  age: string | null;
}

export interface LookedAt {
  /** Number of the case that it is looked at for; empty for none. */
  named?: string;
  /** Whether it is to move; else it is stills. */
  moves?: boolean;
  /** Told whether it can be seen: in a tab that is in front, and scrolled into view. */
  onSeen?(seen: boolean): void;
  /** Whether what was recorded last stands there until it begins. */
  recorded?: boolean;
}

/** What plays `camera` while it can be seen. */
export function useLivePicture(camera: string, quality: 'main' | 'sub', looked: LookedAt = {}): LivePicture {
  const { named = '', moves = true } = looked;
  const video = useRef<HTMLVideoElement>(null);
  const kept = useRef<HTMLCanvasElement>(null);
  const latest = useRef({ moves, look: () => {} });
  latest.current.moves = moves;
  const [shown, setShown] = useState<KeptPicture | null>(null);
  const [{ state, codec, reason }, setState] = useState<{ state: PlayerState } & About>({
    state: 'starting',
    codec: '',
    reason: '',
  });
  useEffect(() => {
    if (!video.current || !kept.current) return;
    const onState = (now: PlayerState, about: About) => setState({ state: now, ...about });
    const picture = new KeptPicture(kept.current, { camera, remembers: named === '' });
    setShown(picture);
    const gone = new AbortController();
    if (looked.recorded) void showRecorded(picture, video.current, { camera, named }, gone.signal);
    const player = new Player({ video: video.current, kept: picture, camera, quality, named, onState });
    const end = whileSeen(video.current, latest.current, (how, wasRunning) => {
      if (how === 'not' || wasRunning) player.stop();
      if (how !== 'not') player.start(how === 'moving');
      looked.onSeen?.(how !== 'not');
    });
    return () => {
      gone.abort();
      end();
    };
  }, [camera, quality, named]);
  useEffect(() => latest.current.look(), [moves]);
  const takenMs = shown?.takenMs.value ?? null;
  return {
    video,
    kept,
    state,
    text: t(`tile.${state}`, { codec, reason: tOf('reason', reason) }),
    age: takenMs === null ? null : t('live.before', { age: age(nowMs.value - takenMs) }),
  };
}

type How = 'not' | 'still' | 'moving';

/** Tells how a video is to be shown, whenever that changes, until the returned function is called. */
function whileSeen(
  video: HTMLVideoElement,
  latest: { moves: boolean; look(): void },
  tell: (how: How, wasRunning: boolean) => void,
): () => void {
  let inView = true;
  let is: How = 'not';
  const look = () => {
    const how = inView && !document.hidden ? (latest.moves ? 'moving' : 'still') : 'not';
    if (how === is) return;
    const wasRunning = is !== 'not';
    is = how;
    tell(how, wasRunning);
  };
  latest.look = look;
  const eye = new IntersectionObserver((entries) => {
    inView = entries.at(-1)?.isIntersecting ?? true;
    look();
  });
  eye.observe(video);
  document.addEventListener('visibilitychange', look);
  look();
  return () => {
    eye.disconnect();
    document.removeEventListener('visibilitychange', look);
    latest.look = () => {};
    if (is !== 'not') tell('not', true);
  };
}

/** The place of a live picture, with the kept one over it. */
export function Picture({ of: { video, kept } }: { of: Pick<LivePicture, 'video' | 'kept'> }) {
  return (
    <span class="picture">
      <video ref={video} muted playsInline disablePictureInPicture tabIndex={-1} />
      <canvas ref={kept} />
    </span>
  );
}
