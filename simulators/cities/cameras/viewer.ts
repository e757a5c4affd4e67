import { setTimeout as sleep } from 'node:timers/promises';
import type { Viewed } from '../../fleet/ledger-lines.ts';

export interface ViewerOptions {
  gateway: string;
  token: string;
  device: string;
}

/** Segments are one or two seconds long; this long nothing new is worth a line. */
const GAP_MS = 6_000;
const GAPS_MAX = 100;
const AGAIN_MS = 1_000;
const TURN_MIN_MS = 50;
const ANSWER_MS = 10_000;
const PLAYLIST_CHARS_MAX = 64 * 1024;
const SEGMENT_BYTES_MAX = 16 * 1024 * 1024;
const SEEN_MAX = 64;

/** Somebody who looks at one camera by HLS as a player does (RFC 8216), all the time, and notes what comes. */
export class Viewer {
  readonly #options: ViewerOptions;
  readonly #names: string[] = [];
  readonly #gaps: { fromMs: number; toMs: number }[] = [];
  readonly #stopping = new AbortController();
  #beganMs = 0;
  #firstMs: number | null = null;
  #newestMs = 0;
  #segments = 0;
  #bytes = 0;

  constructor(options: ViewerOptions) {
    this.#options = options;
  }

  /** Looks until it is stopped. */
  start(): void {
    this.#beganMs = Date.now();
    void this.#look(this.#stopping.signal);
  }

  stop(): void {
    this.#stopping.abort();
  }

  get seen(): Viewed {
    const [firstMs, nowMs] = [this.#firstMs, Date.now()];
    const isWaiting = firstMs !== null && nowMs - this.#newestMs > GAP_MS;
    return {
      firstAfterMs: firstMs === null ? null : firstMs - this.#beganMs,
      segments: this.#segments,
      bytes: this.#bytes,
      gaps: isWaiting ? [...this.#gaps, { fromMs: this.#newestMs, toMs: nowMs }] : [...this.#gaps],
    };
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { gateway, device } = this.#options;
    const master = new URL(`/api/v1/streams/${encodeURIComponent(device)}/live.m3u8`, gateway);
    while (!signal.aborted) {
      try {
        const media = mediaOf(await this.#text(master), master);
        while (!signal.aborted) await sleep(await this.#turn(media));
      } catch {
        // The camera has no power, the gateway is busy or starts again: a player asks again from the beginning.
        await sleep(AGAIN_MS);
      }
    }
  }

  /** Fetches what is new, and resolves with when to ask again, ms. */
  async #turn(media: URL): Promise<number> {
    const text = await this.#text(media);
    const fresh = videoOf(text).filter((name) => !this.#names.includes(name));
    for (const name of fresh) {
      const bytes = await this.#fetch(new URL(name, media), SEGMENT_BYTES_MAX);
      this.#took(name, bytes.length);
    }
    const targetS = Number(/#EXT-X-TARGETDURATION:(\d+)/.exec(text)?.[1] ?? 2);
    return Math.max(TURN_MIN_MS, (targetS * 1_000) / (fresh.length > 0 ? 1 : 2));
  }

  #took(name: string, bytes: number): void {
    const nowMs = Date.now();
    if (this.#firstMs === null) this.#firstMs = nowMs;
    else if (nowMs - this.#newestMs > GAP_MS && this.#gaps.length < GAPS_MAX)
      this.#gaps.push({ fromMs: this.#newestMs, toMs: nowMs });
    this.#newestMs = nowMs;
    this.#segments += 1;
    this.#bytes += bytes;
    this.#names.push(name);
    if (this.#names.length > SEEN_MAX) this.#names.shift();
  }

  async #text(url: URL): Promise<string> {
    return (await this.#fetch(url, PLAYLIST_CHARS_MAX)).toString('utf8');
  }

  async #fetch(url: URL, mostBytes: number): Promise<Buffer> {
    const headers = { authorization: `Bearer ${this.#options.token}` };
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_MS) });
    if (!answer.ok || !answer.body) throw new Error(`${url.pathname}: ${answer.status}`);
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of answer.body) {
      length += part.length;
      if (length > mostBytes) throw new Error(`${url.pathname}: is too large`);
      parts.push(part);
    }
    return Buffer.concat(parts);
  }
}

/**
 * Segments of a playlist that the camera sent. A gateway may fill a hole with its last picture, so that players do not
 * stop: such a segment was taken at no time, and has no EXT-X-PROGRAM-DATE-TIME (RFC 8216, 4.3.2.6).
 */
function videoOf(text: string): string[] {
  const found: string[] = [];
  let isDated = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('#EXT-X-PROGRAM-DATE-TIME:')) isDated = true;
    if (line === '' || line.startsWith('#')) continue;
    if (isDated) found.push(line);
    isDated = false;
  }
  return found;
}

function mediaOf(text: string, master: URL): URL {
  const name = text.split('\n').find((line) => line !== '' && !line.startsWith('#'));
  if (name === undefined) throw new Error('a playlist without a stream');
  return new URL(name, master);
}
