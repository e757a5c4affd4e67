import { clockTime, language } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import type { RecordingTimeline } from '../../types.ts';
import { knownCamera } from '../cameras.ts';
import { v } from '../words.ts';
import { barOf, type Mark, marksOf, type Span } from './marks.ts';
import type { Recorded } from './use-timelines.ts';

/** Rows of what happened at most: a longer list is read by looking at a shorter time. */
const MARKS_MAX = 100;
const WIDTH = 1_000;
const HEIGHT = 10;

interface TimelineProps {
  cameras: readonly string[];
  timelines: ReadonlyMap<string, Recorded>;
  span: Span;
  atMs: number;
  onSeek(atMs: number): void;
}

/** What was recorded of each camera in a span, what is missing, and what happened: drawn, and as a list. */
export function Timeline({ cameras, timelines, span, atMs, onSeek }: TimelineProps) {
  const { fromMs, toMs } = span;
  const share = (atMs - fromMs) / (toMs - fromMs);
  return (
    <section class="timeline" aria-label={v('play.timeline')}>
      <div class="timeline-rows" aria-hidden="true">
        {cameras.map((id) => (
          <Row key={id} id={id} recorded={timelines.get(id)} span={span} />
        ))}
        {share >= 0 && share <= 1 && (
          <svg class="timeline-now" aria-hidden="true" viewBox={`0 0 ${WIDTH} 1`} preserveAspectRatio="none">
            <rect x={share * WIDTH - 1} width="2" y="0" height="1" />
          </svg>
        )}
      </div>
      <input
        type="range"
        class="timeline-slide"
        aria-label={v('play.moment')}
        aria-valuetext={clockTime(new Date(atMs).toISOString(), nowMs.value)}
        min={fromMs}
        max={toMs}
        step={1_000}
        value={Math.round(atMs / 1_000) * 1_000}
        onInput={({ currentTarget }) => onSeek(Number(currentTarget.value))}
      />
      <p class="timeline-ends">
        <span>{clockTime(new Date(fromMs).toISOString(), nowMs.value)}</span>
        <span>{clockTime(new Date(toMs).toISOString(), nowMs.value)}</span>
      </p>
      <Happened cameras={cameras} timelines={timelines} span={span} onSeek={onSeek} />
    </section>
  );
}

function Row({ id, recorded, span }: { id: string; recorded: Recorded | undefined; span: Span }) {
  const now = nowMs.value;
  const rect = (part: { from: string; to: string | null }, name: string) => {
    const bar = barOf(part, span, now);
    if (!bar) return null;
    return (
      <rect
        key={`${name}${part.from}`}
        class={name}
        x={bar.from * WIDTH}
        width={Math.max(1, bar.length * WIDTH)}
        y="0"
        height={HEIGHT}
      />
    );
  };
  return (
    <div class="timeline-row">
      <bdi>{knownCamera(id)?.name ?? id}</bdi>
      <svg aria-hidden="true" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none">
        {recorded?.timeline.gaps.map((gap) => rect(gap, 'timeline-gap'))}
        {recorded?.timeline.stretches.map((one) => rect(one, 'timeline-there'))}
        {recorded?.timeline.alerts.map(({ at, severity }) =>
          rect({ from: at, to: new Date(Date.parse(at) + 1).toISOString() }, `timeline-mark level-${severity}`),
        )}
      </svg>
    </div>
  );
}

function Happened({ cameras, timelines, span, onSeek }: Omit<TimelineProps, 'atMs'>) {
  const shown = new Map<string, RecordingTimeline>(
    cameras.flatMap((id) => {
      const found = timelines.get(id);
      return found ? [[id, found.timeline] as const] : [];
    }),
  );
  const marks = marksOf(shown, span);
  const isCut = marks.length > MARKS_MAX || [...shown.values()].some(({ more }) => more);
  return (
    <details class="happened">
      <summary>{v('play.happened', { n: marks.length })}</summary>
      {isCut && <p class="hint">{v('play.more')}</p>}
      <ul class="tree-rows">
        {marks.slice(0, MARKS_MAX).map((mark) => (
          <li key={`${mark.is} ${mark.atMs} ${mark.camera} ${wordOf(mark)}`}>
            <button type="button" class="quiet" onClick={() => onSeek(mark.atMs)}>
              <time dateTime={new Date(mark.atMs).toISOString()}>
                {clockTime(new Date(mark.atMs).toISOString(), nowMs.value)}
              </time>
              <bdi>
                {wordOf(mark)} · {knownCamera(mark.camera)?.name ?? mark.camera}
              </bdi>
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

function wordOf(mark: Mark): string {
  if (mark.is === 'alert') return v('play.alert', { title: mark.alert.title[language.value] || mark.alert.title.en });
  if (mark.is === 'event') return v('play.event', { type: mark.type });
  return v('play.gap', { cause: v(`gap.${mark.cause}` as 'gap.camera') });
}
