import type { Ref } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { t, tOf } from '../texts.ts';
import { KeptPicture } from './kept-picture.ts';
import { type About, Player, type PlayerState } from './player.ts';

export interface LivePicture {
  video: Ref<HTMLVideoElement>;
  kept: Ref<HTMLCanvasElement>;
  state: PlayerState;
  /** What is to be said about it. */
  text: string;
}

/** What plays `camera` while it can be seen: in a tab that is in front, and scrolled into view. */
export function useLivePicture(camera: string, quality: 'main' | 'sub', named = ''): LivePicture {
  const video = useRef<HTMLVideoElement>(null);
  const kept = useRef<HTMLCanvasElement>(null);
  const [{ state, codec, reason }, setState] = useState<{ state: PlayerState } & About>({
    state: 'starting',
    codec: '',
    reason: '',
  });
  useEffect(() => {
    if (!video.current || !kept.current) return;
    const onState = (now: PlayerState, about: About) => setState({ state: now, ...about });
    const picture = new KeptPicture(kept.current);
    const player = new Player({ video: video.current, kept: picture, camera, quality, named, onState });
    let inView = true;
    let runs = false;
    const look = () => {
      const wanted = inView && !document.hidden;
      if (wanted === runs) return;
      runs = wanted;
      if (wanted) player.start();
      else player.stop();
    };
    const eye = new IntersectionObserver((entries) => {
      inView = entries.at(-1)?.isIntersecting ?? true;
      look();
    });
    eye.observe(video.current);
    document.addEventListener('visibilitychange', look);
    look();
    return () => {
      eye.disconnect();
      document.removeEventListener('visibilitychange', look);
      player.stop();
    };
  }, [camera, quality, named]);
  return { video, kept, state, text: t(`tile.${state}`, { codec, reason: tOf('reason', reason) }) };
}

/** The place of a live picture, with the kept one over it. */
export function Picture({ of: { video, kept } }: { of: LivePicture }) {
  return (
    <span class="picture">
      <video ref={video} muted playsInline disablePictureInPicture tabIndex={-1} />
      <canvas ref={kept} />
    </span>
  );
}
