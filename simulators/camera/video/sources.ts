import { type ChildProcess, spawn } from 'node:child_process';
import { FlvReader } from './flv.ts';
import type { Clip } from './mp4.ts';
import { encoderArguments, type Overlay } from './overlay.ts';
import type { AccessUnit, Quality, VideoParameters, VideoSource } from './video.ts';

type Listener = (unit: AccessUnit) => void;

/** A day of pictures: starting cameras at different places of the clip keeps them from sending key frames together. */
const PHASE_UNITS = 97;

/** Sends the clip as it is, round and round, with times that never go back. Costs no encoding. */
export class PlainSource implements VideoSource {
  readonly #clip: Clip;
  readonly #listeners = new Set<Listener>();
  readonly #bornAtMs = performance.now();
  #timer: NodeJS.Timeout | null = null;
  #next: number;
  #loopTicks: number;
  /** Time of the picture sent last. */
  #sentTicks = -1;

  constructor(clip: Clip, number = 0) {
    this.#clip = clip;
    this.#next = (number * PHASE_UNITS) % clip.units.length;
    this.#loopTicks = -(clip.units[this.#next]?.atTicks ?? 0);
  }

  want(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#resume();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0 && this.#timer) clearTimeout(this.#timer);
    };
  }

  async parameters(): Promise<VideoParameters> {
    return this.#clip.parameters;
  }

  async stop(): Promise<void> {
    this.#listeners.clear();
    if (this.#timer) clearTimeout(this.#timer);
  }

  #nowTicks(): number {
    return (performance.now() - this.#bornAtMs) * 90;
  }

  /** Skips to the first key frame that is not in the past, so that a new viewer does not wait longer than it must. */
  #resume(): void {
    // A timer may fire a little early: that picture is not sent again.
    const nowTicks = Math.max(this.#nowTicks(), this.#sentTicks + 1);
    this.#loopTicks += Math.floor((nowTicks - this.#loopTicks) / this.#clip.durationTicks) * this.#clip.durationTicks;
    const into = nowTicks - this.#loopTicks;
    const index = this.#clip.units.findIndex((unit) => unit.key && unit.atTicks >= into);
    this.#next = Math.max(index, 0);
    if (index < 0) this.#loopTicks += this.#clip.durationTicks;
    this.#schedule();
  }

  #schedule(): void {
    const unit = this.#clip.units[this.#next];
    if (!unit) return;
    const atTicks = this.#loopTicks + unit.atTicks;
    this.#timer = setTimeout(
      () => {
        this.#next += 1;
        if (this.#next === this.#clip.units.length) {
          this.#next = 0;
          this.#loopTicks += this.#clip.durationTicks;
        }
        this.#sentTicks = atTicks;
        for (const listener of this.#listeners) listener({ ...unit, atTicks });
        if (this.#listeners.size > 0) this.#schedule();
      },
      Math.max(0, (atTicks - this.#nowTicks()) / 90),
    );
  }
}

/** How long an encoder goes on without viewers: a player that reconnects finds it warm. */
const LINGER_MS = 3_000;
const RESTART_MS = 1_000;
const PARAMETERS_WAIT_MS = 10_000;

/** Encodes the clip with the camera's name and the clock in the picture, only while somebody watches. */
export class EncodedSource implements VideoSource {
  readonly #overlay: Overlay;
  readonly #quality: Quality;
  readonly #listeners = new Set<Listener>();
  readonly #waiting = new Set<{ resolve(parameters: VideoParameters): void; timer: NodeJS.Timeout }>();
  readonly #bornAtMs = performance.now();
  #child: ChildProcess | null = null;
  #linger: NodeJS.Timeout | null = null;
  #restart: NodeJS.Timeout | null = null;
  #known: VideoParameters | null = null;
  #stopped = false;
  /** How often an encoder was started; tests see sharing by it. */
  starts = 0;

  constructor(overlay: Overlay, quality: Quality) {
    this.#overlay = overlay;
    this.#quality = quality;
  }

  want(listener: Listener): () => void {
    this.#listeners.add(listener);
    this.#ensure();
    return () => {
      this.#listeners.delete(listener);
      this.#release();
    };
  }

  parameters(): Promise<VideoParameters> {
    if (this.#known) return Promise.resolve(this.#known);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiter);
        reject(new Error('the encoder sent nothing'));
      }, PARAMETERS_WAIT_MS);
      const waiter = { resolve, timer };
      this.#waiting.add(waiter);
      this.#ensure();
      this.#release();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#listeners.clear();
    for (const timer of [this.#linger, this.#restart]) if (timer) clearTimeout(timer);
    for (const waiter of this.#waiting) clearTimeout(waiter.timer);
    this.#waiting.clear();
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise((resolve) => {
      child.once('close', resolve);
      child.kill('SIGKILL');
    });
  }

  #release(): void {
    if (this.#listeners.size > 0 || this.#linger || this.#stopped) return;
    this.#linger = setTimeout(() => {
      this.#linger = null;
      if (this.#listeners.size === 0) this.#child?.kill('SIGKILL');
    }, LINGER_MS);
  }

  #ensure(): void {
    if (this.#linger && this.#listeners.size > 0) {
      clearTimeout(this.#linger);
      this.#linger = null;
    }
    if (this.#child || this.#restart || this.#stopped) return;
    this.starts += 1;
    const startTicks = Math.round((performance.now() - this.#bornAtMs) * 90);
    const { command, args } = encoderArguments(this.#overlay, this.#quality);
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#child = child;
    const reader = new FlvReader({
      parameters: (parameters) => this.#learn(parameters),
      unit: (unit) => {
        for (const listener of this.#listeners) listener({ ...unit, atTicks: startTicks + unit.atTicks });
      },
    });
    child.stdout.on('data', (chunk: Buffer) => reader.push(chunk));
    child.on('error', () => {});
    child.once('close', () => {
      this.#child = null;
      if (this.#stopped || this.#listeners.size === 0) return;
      this.#restart = setTimeout(() => {
        this.#restart = null;
        if (this.#listeners.size > 0) this.#ensure();
      }, RESTART_MS);
    });
  }

  #learn(parameters: VideoParameters): void {
    this.#known = parameters;
    for (const waiter of this.#waiting) {
      clearTimeout(waiter.timer);
      waiter.resolve(parameters);
    }
    this.#waiting.clear();
  }
}
