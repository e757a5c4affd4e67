import { useEffect, useMemo, useState } from 'preact/hooks';
import { noticeEnd } from '../../session.ts';
import type { WallCamera } from '../../types.ts';
import { know } from '../cameras.ts';
import { CameraPages, type Wanted } from './pages.ts';

/** As many as an open area shows at most: who has more finds them by words. */
const LISTED_MAX = 500;

export interface CameraList {
  cameras: readonly WallCamera[];
  isOver: boolean;
  /** There are more than are ever listed: they are found by words. */
  isCut: boolean;
  busy: boolean;
  failed: boolean;
  /** Reads on, or tries again. */
  more(): void;
}

/** Cameras of the registry, the first of them at once, others when they are asked for. */
export function useCameraList(wanted: Wanted): CameraList {
  const key = JSON.stringify(wanted);
  const pages = useMemo(() => new CameraPages(wanted), [key]);
  const stop = useMemo(() => new AbortController(), [pages]);
  const [cameras, setCameras] = useState<readonly WallCamera[]>([]);
  const [state, setState] = useState<'busy' | 'failed' | 'still'>('busy');
  const more = () => {
    setState('busy');
    pages.next(stop.signal).then(
      (found) => {
        know(found);
        setCameras((before) => [...before, ...found]);
        setState('still');
      },
      (error) => {
        if (stop.signal.aborted) return;
        noticeEnd(error);
        setState('failed');
      },
    );
  };
  useEffect(() => {
    setCameras([]);
    more();
    return () => stop.abort();
  }, [pages]);
  const isCut = state === 'still' && !pages.isOver && cameras.length >= LISTED_MAX;
  const isOver = state === 'still' && (pages.isOver || isCut);
  return { cameras, isOver, isCut, busy: state === 'busy', failed: state === 'failed', more };
}
