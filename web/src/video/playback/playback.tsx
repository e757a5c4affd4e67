import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { may } from '../../session.ts';
import { every, nowMs } from '../../ticker.ts';
import { onPage, type WallAddress } from '../address.ts';
import { useKnown } from '../cameras.ts';
import { COSTS } from '../stage/budget.ts';
import { useBudget } from '../stage/use-budget.ts';
import { PlaybackClock } from './clock.ts';
import { Controls } from './controls.tsx';
import { ExportForm } from './export-form.tsx';
import { type Span, spanAround } from './marks.ts';
import { RecordedTile } from './recorded-tile.tsx';
import { Timeline } from './timeline.tsx';
import { useTimelines } from './use-timelines.ts';

const LOOK_MS = 250;
/** What was recorded is to be had so soon. */
const EDGE_MS = 3_000;

export interface PlaybackProps {
  address: WallAddress & { atMs: number };
  cameras: readonly string[];
  /** Says in the address where it stands. */
  onMoment(atMs: number | null): void;
}

/** What was recorded of the cameras of a page, all at the same moment. */
export function Playback({ address, cameras, onMoment }: PlaybackProps) {
  const shown = address.focus === null ? onPage(cameras, address) : [address.focus];
  const { clock, atMs, look, seek } = useClock(address.atMs, onMoment);
  const [spanMin, setSpanMin] = useState(60);
  const span = useSpan(atMs, spanMin);
  useKnown(shown);
  const timelines = useTimelines(shown, span);
  const moving = useBudget(shown.map((id) => ({ key: id, cost: COSTS[timelines.get(id)?.quality ?? 'main'] })));
  const across = address.focus === null ? address.layout : 1;
  return (
    <>
      <Controls
        clock={clock}
        atMs={atMs}
        spanMin={spanMin}
        onSeek={seek}
        onChanged={look}
        onSpan={setSpanMin}
        onLive={() => onMoment(null)}
      />
      <div class={`video-grid video-grid-${across}`}>
        {shown.map((id) => (
          <RecordedTile key={id} id={id} clock={clock} recorded={timelines.get(id)} isSpared={!moving.has(id)} />
        ))}
      </div>
      <Timeline cameras={shown} timelines={timelines} span={span} atMs={atMs} onSeek={seek} />
      {may('recordings.export') && <ExportForm cameras={shown} span={span} />}
    </>
  );
}

/** The clock that the address sets, and where it is. It stands while nobody can see it, and waits for the present. */
function useClock(saidMs: number, onMoment: (atMs: number) => void) {
  const clock = useMemo(() => new PlaybackClock(saidMs, () => performance.now()), []);
  const [atMs, setAtMs] = useState(saidMs);
  const said = useRef(saidMs);
  const look = () => {
    const edgeMs = nowMs.value - EDGE_MS;
    if (clock.positionMs > edgeMs) clock.seek(edgeMs);
    setAtMs(clock.positionMs);
  };
  const seek = (toMs: number) => {
    clock.seek(Math.min(toMs, nowMs.value - EDGE_MS));
    said.current = Math.floor(clock.positionMs / 1_000) * 1_000;
    onMoment(said.current);
    look();
  };
  useEffect(() => {
    if (saidMs === said.current) return;
    said.current = saidMs;
    clock.seek(saidMs);
    look();
  }, [saidMs]);
  useEffect(() => {
    const pauseHidden = () => document.hidden && clock.play(false);
    document.addEventListener('visibilitychange', pauseHidden);
    const end = every(LOOK_MS, look);
    return () => {
      end();
      document.removeEventListener('visibilitychange', pauseHidden);
    };
  }, [clock]);
  return { clock, atMs, look, seek };
}

/** The time that the line shows: it stays until the moment leaves it. */
function useSpan(atMs: number, minutes: number): Span {
  const kept = useRef<Span & { minutes: number }>({ ...spanAround(atMs, minutes, nowMs.value), minutes });
  const { fromMs, toMs, minutes: was } = kept.current;
  if (was !== minutes || atMs < fromMs || atMs > toMs) {
    kept.current = { ...spanAround(atMs, minutes, nowMs.value), minutes };
  }
  return kept.current;
}
