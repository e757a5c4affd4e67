import { signal } from '@preact/signals';

/** Off until somebody asks for it: browsers allow no sound before a click, and nobody likes a page that shouts. */
export const soundOn = signal(false);

const PAUSE_MS = 1_500;
let audio: AudioContext | null = null;
let lastMs = 0;

/** Turns sound on or off; turning on is heard, so that one knows that it works. */
export async function switchSound(): Promise<void> {
  if (soundOn.value) {
    soundOn.value = false;
    return;
  }
  audio ??= new AudioContext();
  await audio.resume();
  soundOn.value = true;
  beep([660]);
}

/** The tone of a critical alert; a storm of them is one tone every 1.5 s. */
export function alarm(): void {
  if (!soundOn.value || Date.now() - lastMs < PAUSE_MS) return;
  lastMs = Date.now();
  beep([880, 660, 880]);
}

function beep(tones: readonly number[]): void {
  if (!audio) return;
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
