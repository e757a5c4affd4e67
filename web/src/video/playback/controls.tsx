import { lasting } from '../../texts.ts';
import { v } from '../words.ts';
import { type PlaybackClock, SPEEDS, type Speed } from './clock.ts';
import { localText } from './local-time.ts';
import { SPANS_MIN } from './marks.ts';

export interface ControlsProps {
  clock: PlaybackClock;
  atMs: number;
  spanMin: number;
  onSeek(atMs: number): void;
  onChanged(): void;
  onSpan(minutes: number): void;
  onLive(): void;
}

const STEPS_S = [-60, -10, 10, 60] as const;

/** Plays, stands, goes faster, and goes elsewhere. */
export function Controls({ clock, atMs, spanMin, onSeek, onChanged, onSpan, onLive }: ControlsProps) {
  return (
    <div class="video-bar">
      <button type="button" onClick={onLive}>
        {v('play.live')}
      </button>
      <button
        type="button"
        class="primary"
        onClick={() => {
          clock.play(!clock.plays);
          onChanged();
        }}
      >
        {v(clock.plays ? 'play.stand' : 'play.play')}
      </button>
      {STEPS_S.map((s) => (
        <button
          key={s}
          type="button"
          aria-label={v(s < 0 ? 'play.back' : 'play.on', { time: lasting(Math.abs(s)) })}
          onClick={() => onSeek(clock.positionMs + s * 1_000)}
        >
          {`${s < 0 ? '−' : '+'}${lasting(Math.abs(s))}`}
        </button>
      ))}
      <Choice
        label={v('play.speed')}
        value={clock.speed}
        choices={SPEEDS.map((one) => [one, `×${one}`])}
        onChoose={(speed) => {
          clock.hasten(speed as Speed);
          onChanged();
        }}
      />
      <Choice
        label={v('play.span')}
        value={spanMin}
        choices={SPANS_MIN.map((one) => [one, lasting(one * 60)])}
        onChoose={onSpan}
      />
      <label class="video-tour">
        {v('play.moment')}
        <input
          type="datetime-local"
          step="1"
          value={localText(atMs)}
          onChange={({ currentTarget }) => {
            if (currentTarget.value) onSeek(new Date(currentTarget.value).getTime());
          }}
        />
      </label>
      {clock.isHeld && (
        <span class="hint" role="status">
          {v('play.waits')}
        </span>
      )}
    </div>
  );
}

function Choice({
  label,
  value,
  choices,
  onChoose,
}: {
  label: string;
  value: number;
  choices: readonly (readonly [number, string])[];
  onChoose(value: number): void;
}) {
  return (
    <label class="video-tour">
      {label}
      <select value={value} onChange={({ currentTarget }) => onChoose(Number(currentTarget.value))}>
        {choices.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
