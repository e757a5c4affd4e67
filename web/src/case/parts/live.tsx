import { useEffect, useState } from 'preact/hooks';
import { get, request } from '../../api.ts';
import { Picture, useLivePicture } from '../../cameras/live-picture.tsx';
import { caseQuery } from '../../cameras/source.ts';
import { Enlarged } from '../../cameras/wall.tsx';
import { kinds } from '../../overview.ts';
import { lookPurpose, may } from '../../session.ts';
import { age } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import type { Camera, CaseAlert, Device } from '../../types.ts';
import { latestOf, type Pictures } from '../pictures.ts';
import { t } from '../say.ts';
import { CaseForm } from './evidence.tsx';

/** Players at once: what a small machine decodes beside the rest of the page. */
const PLAYERS_MAX = 4;
/** Cameras whose names are asked for. */
const CAMERAS_MAX = 12;
const BEFORE_MS = 10_000;

interface LiveProps {
  alert: CaseAlert;
  device: Device | null;
  pictures: Pictures;
}

/** The cameras that see the place, four at a time; others take the last place. */
export function Live({ alert, device, pictures }: LiveProps) {
  const ids = camerasOf(alert, device);
  const cameras = useCameras(ids);
  const [chosen, setChosen] = useState<string | null>(null);
  const [enlarged, setEnlarged] = useState<Camera | null>(null);
  const [named, setNamed] = useState('');
  if (!may('video.look') || (ids.length === 0 && device === null)) return null;
  const shown = shownOf(cameras ?? [], chosen);
  const others = (cameras ?? []).filter((one) => !shown.includes(one));
  return (
    <section class="panel" aria-labelledby="live-title">
      <h3 id="live-title">{t('live.title')}</h3>
      {cameras?.length === 0 && <p class="hint">{t('live.none')}</p>}
      <div class={shown.length === 1 ? 'tiles tiles-one' : 'tiles'}>
        {shown.map((camera) =>
          camera.forIncident && named === '' ? (
            <Closed key={camera.id} camera={camera} onNamed={setNamed} />
          ) : (
            <Tile
              key={camera.id}
              camera={camera}
              named={named}
              before={beforeOf(alert, camera.id, pictures)}
              onEnlarge={() => setEnlarged(camera)}
            />
          ),
        )}
      </div>
      {others.length > 0 && (
        <p class="others">
          {t('live.others')}
          {others.map((camera) => (
            <button type="button" key={camera.id} onClick={() => setChosen(camera.id)}>
              <bdi>{camera.name}</bdi>
            </button>
          ))}
        </p>
      )}
      {enlarged && <Enlarged camera={enlarged} named={named} onClose={() => setEnlarged(null)} />}
    </section>
  );
}

/** A camera whose pictures are shown for an incident only. */
interface Seeing extends Camera {
  forIncident: boolean;
}

function Closed({ camera, onNamed }: { camera: Seeing; onNamed(named: string): void }) {
  return (
    <div class="closed">
      <p>
        <bdi>{camera.name}</bdi>
      </p>
      <CaseForm onNamed={onNamed} />
    </div>
  );
}

/** The device itself where it is a camera; else those that see it, and those whose pictures came along. */
function camerasOf({ evidence }: CaseAlert, device: Device | null): string[] {
  const isCamera = device !== null && kinds.value.get(device.kind)?.stream === true;
  const seeing = device === null ? [] : isCamera ? [device.id, ...device.cameras] : device.cameras;
  const told = evidence.flatMap(({ camera, type }) => (camera !== null && type !== 'unavailable' ? [camera] : []));
  return [...new Set([...seeing, ...told])].slice(0, CAMERAS_MAX);
}

function shownOf(cameras: readonly Seeing[], chosen: string | null): Seeing[] {
  const first = cameras.slice(0, PLAYERS_MAX);
  const one = cameras.find(({ id }) => id === chosen);
  return one && !first.includes(one) ? [...first.slice(0, -1), one] : first;
}

/** Their names; those that the reader may not see are left out. */
function useCameras(ids: readonly string[]): Seeing[] | null {
  const [cameras, setCameras] = useState<Seeing[] | null>(null);
  const key = ids.join(' ');
  useEffect(() => {
    const stop = new AbortController();
    const read = async (id: string): Promise<Seeing[]> => {
      const found = await get<Device>(`/devices/${encodeURIComponent(id)}`, stop.signal).catch(() => null);
      return found ? [{ id: found.id, name: found.name, forIncident: found.accessClass === 'minors' }] : [];
    };
    void Promise.all(ids.map(read)).then((found) => {
      if (!stop.signal.aborted) setCameras(found.flat());
    });
    return () => stop.abort();
  }, [key]);
  return cameras;
}

interface Before {
  blob: Blob;
  takenMs: number;
}

function beforeOf(alert: CaseAlert, camera: string, pictures: Pictures): Before | null {
  const item = latestOf(alert, camera);
  const shown = item ? pictures.shown.value.get(item.id) : undefined;
  return item && shown?.is === 'here' ? { blob: shown.blob, takenMs: Date.parse(item.takenAt) } : null;
}

const LIVE = ['playing', 'small', 'lowered', 'stills', 'busy', 'unsupported'];

interface TileProps {
  camera: Camera;
  named: string;
  before: Before | null;
  onEnlarge(): void;
}

/** One camera. Until its picture moves, its last one stands there and says how old it is. */
function Tile({ camera, named, before, onEnlarge }: TileProps) {
  const picture = useLivePicture(camera.id, 'sub', { named });
  const isLive = LIVE.includes(picture.state);
  const [wasLive, setWasLive] = useState(false);
  useEffect(() => {
    if (isLive) setWasLive(true);
  }, [isLive]);
  const last = useLast({ camera: camera.id, named }, before, wasLive);
  // The picture that stands there: the one from before the first that moved, then the last of those that did.
  const old = !wasLive && last ? t('live.before', { age: age(nowMs.value - last.takenMs) }) : picture.age;
  return (
    <button type="button" class={`tile tile-${picture.state}`} onClick={onEnlarge} title={t('tile.enlarge')}>
      <span class="layers">
        <Picture of={picture} />
        {!wasLive && last && <img class="before" src={last.url} alt="" />}
      </span>
      <span class="tile-name">
        <bdi>{camera.name}</bdi>
      </span>
      <span class="tile-state">
        {picture.text}
        {old && ` · ${old}`}
      </span>
    </button>
  );
}

/** The newest picture there is of a camera: that of the recording, else the one of the alert. */
function useLast(
  { camera, named }: { camera: string; named: string },
  before: Before | null,
  isOver: boolean,
): { url: string; takenMs: number } | null {
  const [last, setLast] = useState<{ url: string; takenMs: number } | null>(null);
  const [recorded, setRecorded] = useState<Before | null>(null);
  useEffect(() => {
    if (isOver) return;
    const stop = AbortSignal.timeout(BEFORE_MS);
    const query = `at=${new Date(nowMs.value).toISOString()}&width=640&purpose=${lookPurpose.value}${caseQuery(named)}`;
    request(`/streams/${encodeURIComponent(camera)}/recordings/thumbnail.jpg?${query}`, { signal: stop })
      .then(async (answer) => {
        const takenMs = Date.parse(answer.headers.get('x-taken-at') ?? '');
        const blob = await answer.blob();
        if (!Number.isNaN(takenMs)) setRecorded({ blob, takenMs });
      })
      // Not everything is recorded; then there is no such picture.
      .catch(() => undefined);
  }, [camera, named]);
  const newest = recorded && (!before || recorded.takenMs > before.takenMs) ? recorded : before;
  useEffect(() => {
    if (newest === null || isOver) return;
    const url = URL.createObjectURL(newest.blob);
    setLast({ url, takenMs: newest.takenMs });
    return () => URL.revokeObjectURL(url);
  }, [newest, isOver]);
  return isOver ? null : last;
}
