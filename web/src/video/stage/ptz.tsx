import { useEffect, useMemo, useState } from 'preact/hooks';
import { ApiError, send } from '../../api.ts';
import { caseQuery } from '../../cameras/source.ts';
import { useAnswer } from '../../case/use-answer.ts';
import { explain } from '../../explain.ts';
import { usernamesOf } from '../../people.ts';
import { lookPurpose, may, noticeEnd } from '../../session.ts';
import { every } from '../../ticker.ts';
import type { Page, Preset, PtzStatus } from '../../types.ts';
import { caseNumbers } from '../cameras.ts';
import { v } from '../words.ts';
import { Hold, type Velocity } from './hold.ts';

const STATUS_MS = 3_000;
const FULL = 0.6;

const STILL: Velocity = { pan: 0, tilt: 0, zoom: 0 };
const WAYS = {
  up: { ...STILL, tilt: FULL },
  left: { ...STILL, pan: -FULL },
  right: { ...STILL, pan: FULL },
  down: { ...STILL, tilt: -FULL },
  in: { ...STILL, zoom: FULL },
  out: { ...STILL, zoom: -FULL },
} as const satisfies Record<string, Velocity>;
type Way = keyof typeof WAYS;

const KEYS: Record<string, Way> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowLeft: 'left',
  ArrowRight: 'right',
  '+': 'in',
  '=': 'in',
  '-': 'out',
};
const SIGNS: Record<Way, string> = { up: '▲', down: '▼', left: '◀', right: '▶', in: '+', out: '−' };

/** Moves a camera, where it can be moved and this person may; nothing else. */
export function Ptz({ camera }: { camera: string }) {
  const path = `/devices/${encodeURIComponent(camera)}/ptz`;
  // A camera that cannot be moved refuses to tell its presets.
  const { answer } = useAnswer<Page<Preset>>(may('ptz.move') ? `${path}/presets` : null);
  return answer ? <Head camera={camera} path={path} presets={answer.items} /> : null;
}

function Head({ camera, path, presets }: { camera: string; path: string; presets: readonly Preset[] }) {
  const [trouble, setTrouble] = useState('');
  const look = `purpose=${lookPurpose.value}${caseQuery(caseNumbers.value.get(camera) ?? '')}`;
  const failed = (error: unknown) => {
    noticeEnd(error);
    setTrouble(v('ptz.refused', { why: error instanceof ApiError ? explain(error) : String(error) }));
  };
  const hold = useMemo(
    () =>
      new Hold({
        move: (velocity) => send('POST', `${path}/move?${look}`, velocity),
        stop: () => send('POST', `${path}/stop?${look}`),
        every,
        failed,
      }),
    [path, look],
  );
  useEffect(() => {
    const letGo = () => hold.release();
    addEventListener('blur', letGo);
    return () => {
      removeEventListener('blur', letGo);
      letGo();
    };
  }, [hold]);
  const goto = (preset: string) => {
    setTrouble('');
    send('POST', `${path}/goto?${look}`, { preset }).catch(failed);
  };
  return (
    <section class="ptz" aria-labelledby="ptz-title">
      <h3 id="ptz-title">{v('ptz.title')}</h3>
      <p class="hint">{v('ptz.hint')}</p>
      <Pad hold={hold} onBegin={() => setTrouble('')} />
      {presets.length > 0 && <Presets presets={presets} onGoto={goto} />}
      <Holder path={path} />
      {trouble && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
    </section>
  );
}

function Pad({ hold, onBegin }: { hold: Hold; onBegin(): void }) {
  const press = (way: Way) => {
    onBegin();
    hold.press(way, WAYS[way]);
  };
  const button = (way: Way) => (
    <button
      type="button"
      class={`ptz-${way}`}
      aria-label={v(`ptz.${way}`)}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        press(way);
      }}
      onPointerUp={() => hold.release()}
      onPointerCancel={() => hold.release()}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={({ key }) => (key === 'Enter' || key === ' ') && press(way)}
      onKeyUp={() => hold.release(way)}
      onBlur={() => hold.release(way)}
    >
      {SIGNS[way]}
    </button>
  );
  return (
    <div class="ptz-pad">
      {(Object.keys(WAYS) as Way[]).map(button)}
      <button
        type="button"
        class="ptz-keys"
        aria-label={v('ptz.pad')}
        title={v('ptz.pad')}
        onKeyDown={(event) => {
          const way = KEYS[event.key];
          if (!way) return;
          event.preventDefault();
          press(way);
        }}
        onKeyUp={({ key }) => hold.release(KEYS[key] ?? null)}
        onBlur={() => hold.release()}
      >
        ✥
      </button>
    </div>
  );
}

function Presets({ presets, onGoto }: { presets: readonly Preset[]; onGoto(preset: string): void }) {
  const [chosen, setChosen] = useState(presets[0]?.token ?? '');
  return (
    <p class="ptz-presets">
      <label>
        {v('ptz.preset')}
        <select value={chosen} onChange={({ currentTarget }) => setChosen(currentTarget.value)}>
          {presets.map(({ token, name }) => (
            <option key={token} value={token}>
              {name || token}
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={() => onGoto(chosen)}>
        {v('ptz.goto')}
      </button>
    </p>
  );
}

/** Who has the camera now, and who took it over. */
function Holder({ path }: { path: string }) {
  const [round, setRound] = useState(0);
  useEffect(() => every(STATUS_MS, () => document.hidden || setRound((before) => before + 1)), [path]);
  const { answer } = useAnswer<PtzStatus>(`${path}#${round}`);
  if (answer?.takenOver) {
    const { by } = answer.takenOver;
    return (
      <p role="status">
        <bdi title={usernamesOf([{ name: by }])}>{v('ptz.taken', { name: by })}</bdi>
      </p>
    );
  }
  if (!answer?.holder) return null;
  const { name } = answer.holder;
  return (
    <p class="hint">
      <bdi title={usernamesOf([{ name }])}>{v('ptz.holder', { name })}</bdi>
    </p>
  );
}
