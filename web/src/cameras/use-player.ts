import type { Ref } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Player, type PlayerState } from './player.ts';

/** A video element that plays `camera` while it can be seen: in a tab that is in front, and scrolled into view. */
export function usePlayer(camera: string, quality: 'main' | 'sub'): { ref: Ref<HTMLVideoElement>; state: PlayerState } {
  const ref = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState<PlayerState>('starting');
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    const player = new Player({ video, camera, quality, onState: setState });
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
    eye.observe(video);
    document.addEventListener('visibilitychange', look);
    look();
    return () => {
      eye.disconnect();
      document.removeEventListener('visibilitychange', look);
      player.stop();
    };
  }, [camera, quality]);
  return { ref, state };
}
