import { signal } from '@preact/signals';
import { msBetween } from './clock.ts';
import { keep, kept } from './ground/kept.ts';
import { SEVERITIES, type Severity } from './types.ts';

/** How long new alerts of a severity sound. */
export const RINGS = ['off', 'once', 'until'] as const;
export type Ring = (typeof RINGS)[number];

/** Off until somebody asks for it, since nobody likes a page that shouts; then on, also after a reload. */
export const soundOn = signal(kept('sound') === 'on');
/** The browser lets no page sound before somebody clicked or typed in it. */
export const soundWaits = signal(false);

const USUAL: Record<Severity, Ring> = { extreme: 'until', severe: 'until', moderate: 'off', minor: 'off' };
const rings = signal<Record<Severity, Ring>>(keptRings());

/** The graver, the higher, the more often. */
const TONES: Record<Severity, readonly number[]> = {
  extreme: [880, 660, 880],
  severe: [740, 587],
  moderate: [523],
  minor: [392],
};
const REPEAT_MS: Record<Severity, number> = { extreme: 3_000, severe: 6_000, moderate: 15_000, minor: 30_000 };
/** A storm of new alerts is one tone in so many ms. */
const PAUSE_MS = 1_500;

let audio: AudioContext | null = null;
let lastMs = 0;
/** When each severity last sounded. */
const soundedMs: Partial<Record<Severity, number>> = {};

if (soundOn.value) void begin();

export function ringOf(severity: Severity): Ring {
  return rings.value[severity];
}

export function setRing(severity: Severity, ring: Ring): void {
  rings.value = { ...rings.value, [severity]: ring };
  keep('rings', JSON.stringify(rings.value));
}

/** Turns sound on or off; turning on is heard, so that one knows that it works. */
export async function switchSound(): Promise<void> {
  if (soundOn.value && !soundWaits.value) choose(false);
  else {
    choose(true);
    await begin();
    beep([660]);
  }
}

/** Something new came. */
export function alarm(severity: Severity): void {
  if (ringOf(severity) !== 'off') sound(severity);
}

/**
 * To be called every second with the severities that somebody has still to acknowledge: repeats the tone of the gravest
 * of those that are to sound until then.
 */
export function remind(waiting: readonly Severity[]): void {
  const severity = SEVERITIES.find((one) => waiting.includes(one) && ringOf(one) === 'until');
  if (severity === undefined) return;
  if (msBetween(soundedMs[severity] ?? 0, Date.now()) >= REPEAT_MS[severity]) sound(severity);
}

function sound(severity: Severity): void {
  if (!soundOn.value || msBetween(lastMs, Date.now()) < PAUSE_MS) return;
  lastMs = Date.now();
  soundedMs[severity] = lastMs;
  beep(TONES[severity]);
}

/** Gets ready to sound: at once where the browser allows it, else with the first click or key. */
async function begin(): Promise<void> {
  audio ??= new AudioContext();
  const names = ['pointerdown', 'keydown'] as const;
  // Its own button wakes it by `switchSound`, and must not find it awake already.
  const wake = ({ target }: Event) => {
    if (!(target instanceof Element && target.closest('.sound'))) void audio?.resume();
  };
  const look = () => {
    soundWaits.value = soundOn.value && audio?.state !== 'running';
    if (soundWaits.value) return;
    for (const name of names) removeEventListener(name, wake, { capture: true });
  };
  audio.onstatechange = look;
  for (const name of names) addEventListener(name, wake, { capture: true });
  look();
  // Where it is not allowed yet, this waits until it is.
  await audio.resume();
  look();
}

function choose(on: boolean): void {
  soundOn.value = on;
  if (!on) soundWaits.value = false;
  keep('sound', on ? 'on' : 'off');
}

function keptRings(): Record<Severity, Ring> {
  try {
    const stored = JSON.parse(kept('rings') ?? '{}') as Partial<Record<Severity, unknown>>;
    const known = (severity: Severity) => RINGS.find((ring) => ring === stored[severity]) ?? USUAL[severity];
    return Object.fromEntries(SEVERITIES.map((one) => [one, known(one)])) as Record<Severity, Ring>;
  } catch {
    return USUAL;
  }
}

function beep(tones: readonly number[]): void {
  if (audio?.state !== 'running') return;
  let at = audio.currentTime;
  for (const frequency of tones) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(0.2, at + 0.02);
    volume.gain.linearRampToValueAtTime(0, at + 0.16);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.18);
    at += 0.2;
  }
}
