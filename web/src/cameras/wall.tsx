import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, get } from '../api.ts';
import { dutyFocus, lookAt } from '../duty/focus.ts';
import { useSeeing } from '../duty/seeing.ts';
import { noticeEnd } from '../session.ts';
import { t } from '../texts.ts';
import { pause, retryPause } from '../ticker.ts';
import type { Camera, Page } from '../types.ts';
import { Picture, useLivePicture } from './live-picture.tsx';

const TILES = 4;
/** A city that is just being set up gets its cameras while we look. */
const LOOK_AGAIN_MS = 5_000;

/** Four cameras at a time, in the small quality; one click enlarges a camera in full quality. */
export function CameraWall() {
  const [cursors, setCursors] = useState<string[]>([]);
  const { page, failed } = useCameras(cursors.at(-1));
  const [enlarged, setEnlarged] = useState<Camera | null>(null);
  const next = page?.next;
  const seeing = useSeeing(TILES);
  const shown = seeing?.cameras ?? page?.items;
  const enlarge = (camera: Camera) => {
    lookAt(camera.id, 'wall');
    setEnlarged(camera);
  };
  return (
    <section class="cameras" aria-labelledby="cameras-title">
      <div class="section-head">
        <h2 id="cameras-title">
          <bdi>{seeing ? t('cameras.seeing', { name: seeing.name }) : t('cameras.title')}</bdi>
        </h2>
        {seeing && (
          <button
            type="button"
            class="quiet"
            onClick={() => {
              dutyFocus.value = null;
            }}
          >
            {t('cameras.all')}
          </button>
        )}
        {!seeing && (cursors.length > 0 || next !== undefined) && (
          <span class="pager">
            <button
              type="button"
              aria-label={t('cameras.previous')}
              disabled={cursors.length === 0}
              onClick={() => setCursors(cursors.slice(0, -1))}
            >
              ‹
            </button>
            <button
              type="button"
              aria-label={t('cameras.next')}
              disabled={next === undefined}
              onClick={() => next !== undefined && setCursors([...cursors, next])}
            >
              ›
            </button>
          </span>
        )}
      </div>
      {failed && <p class="hint">{t('cameras.failed')}</p>}
      {page?.items.length === 0 && <p class="hint">{t('cameras.none')}</p>}
      <div class="tiles">
        {shown?.map((camera) => (
          <Tile key={camera.id} camera={camera} onEnlarge={() => enlarge(camera)} />
        ))}
      </div>
      {enlarged && <Enlarged camera={enlarged} onClose={() => setEnlarged(null)} />}
    </section>
  );
}

function useCameras(cursor: string | undefined): { page: Page<Camera> | null; failed: boolean } {
  const [page, setPage] = useState<Page<Camera> | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    const place = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const read = async () => {
      for (let attempt = 0; !stop.signal.aborted; attempt += 1) {
        try {
          const answer = await get<Page<Camera>>(`/devices?kind=camera&limit=${TILES}${place}`, stop.signal);
          setPage(answer);
          setFailed(false);
          if (answer.items.length === TILES || cursor !== undefined) return;
          await pause(LOOK_AGAIN_MS, stop.signal);
        } catch (error) {
          if (stop.signal.aborted) return;
          noticeEnd(error);
          setFailed(true);
          if (error instanceof ApiError && error.status === 403) return;
          await retryPause(attempt, LOOK_AGAIN_MS, stop.signal).catch(() => undefined);
        }
      }
    };
    void read();
    return () => stop.abort();
  }, [cursor]);
  return { page, failed };
}

function Tile({ camera, onEnlarge }: { camera: Camera; onEnlarge(): void }) {
  const picture = useLivePicture(camera.id, 'sub');
  return (
    <button type="button" class={`tile tile-${picture.state}`} onClick={onEnlarge} title={t('tile.enlarge')}>
      <Picture of={picture} />
      <span class="tile-name">
        <bdi>{camera.name}</bdi>
      </span>
      <span class="tile-state">
        {picture.text}
        {picture.age && ` · ${picture.age}`}
      </span>
    </button>
  );
}

/** One camera over the whole page. The browser's own dialog keeps the focus inside, and Escape closes it. */
export function Enlarged({ camera, named = '', onClose }: { camera: Camera; named?: string; onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const picture = useLivePicture(camera.id, 'main', { named });
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement as HTMLElement | null;
    element?.showModal();
    return () => {
      element?.close();
      before?.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} class="enlarged" aria-label={camera.name} onClose={onClose}>
      <div class="enlarged-head">
        <h2>
          <bdi>{camera.name}</bdi>
        </h2>
        <span class={`tile-state tile-${picture.state}`}>
          {picture.text}
          {picture.age && ` · ${picture.age}`}
        </span>
        <button type="button" onClick={onClose}>
          {t('close')}
        </button>
      </div>
      <Picture of={picture} />
    </dialog>
  );
}
