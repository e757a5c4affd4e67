import { signal } from '@preact/signals';

const CHOICE = 'citywatch.sound';

/** Off until somebody asks for it, since nobody likes a page that shouts; then on, also after a reload. */
export const soundOn = signal(chosen());
/** The browser lets no page sound before somebody clicked or typed in it. */
export const soundWaits = signal(false);

const PAUSE_MS = 1_500;
let audio: AudioContext | null = null;
let lastMs = 0;

if (soundOn.value) void begin();

/** Turns sound on or off; turning on is heard, so that one knows that it works. */
export async function switchSound(): Promise<void> {
  if (soundOn.value && !soundWaits.value) choose(false);
  else {
    choose(true);
    await begin();
    beep([660]);
  }
}

/** The tone of a critical alert; a storm of them is one tone every 1.5 s. */
export function alarm(): void {
  if (!soundOn.value || Date.now() - lastMs < PAUSE_MS) return;
  lastMs = Date.now();
  beep([880, 660, 880]);
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
  try {
    localStorage.setItem(CHOICE, on ? 'on' : 'off');
  } catch {
    // Storage may be forbidden; the choice then lasts as long as the page.
  }
}

function chosen(): boolean {
  try {
    return localStorage.getItem(CHOICE) === 'on';
  } catch {
    return false;
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
