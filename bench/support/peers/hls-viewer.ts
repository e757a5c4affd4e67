import { setTimeout as sleep } from 'node:timers/promises';

/** Who watches a camera by HLS as a player does: the playlist again and again, and what is new in it. */
export class HlsViewer {
  readonly #headers: Record<string, string>;
  readonly #ended = new AbortController();
  #watching: Promise<void> = Promise.resolve();
  /** Segments fetched so far. */
  segments = 0;

  constructor(headers: Record<string, string>) {
    this.#headers = headers;
  }

  /** Resolves with the milliseconds until the first segment is here; goes on watching until {@link stop}. */
  async watch(url: string): Promise<number> {
    const startMs = performance.now();
    const media = await this.#mediaOf(url);
    const seen = new Set<string>();
    await this.#look(media, seen);
    const firstMs = performance.now() - startMs;
    this.#watching = this.#goOn(media, seen);
    return firstMs;
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#watching;
  }

  async #goOn(media: string, seen: Set<string>): Promise<void> {
    while (!this.#ended.signal.aborted) {
      try {
        const targetS = await this.#look(media, seen);
        await sleep(targetS * 1000, undefined, { signal: this.#ended.signal });
      } catch (error) {
        if (!this.#ended.signal.aborted) throw error;
      }
    }
  }

  /** Fetches what the playlist has that was not seen yet; resolves with its target duration in seconds. */
  async #look(media: string, seen: Set<string>): Promise<number> {
    const text = await this.#text(media);
    const names = text.split('\n').flatMap((line) => /^([^#\s].*)$|URI="([^"]+)"/.exec(line)?.slice(1, 3) ?? []);
    for (const name of names) {
      if (!name || seen.has(name)) continue;
      seen.add(name);
      await this.#fetch(new URL(name, media).href);
      this.segments += 1;
    }
    return Number(/^#EXT-X-TARGETDURATION:(\d+)/m.exec(text)?.[1] ?? 1);
  }

  /** The playlist of the only variant, where the first one is a list of variants. */
  async #mediaOf(url: string): Promise<string> {
    const text = await this.#text(url);
    const variant = /^#EXT-X-STREAM-INF.*\n(\S+)/m.exec(text)?.[1];
    return variant === undefined ? url : new URL(variant, url).href;
  }

  async #text(url: string): Promise<string> {
    return (await this.#fetch(url)).toString('utf8');
  }

  async #fetch(url: string): Promise<Buffer> {
    const response = await fetch(url, { headers: this.#headers, signal: this.#ended.signal });
    const body = Buffer.from(await response.arrayBuffer());
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${body.subarray(0, 200)}`);
    return body;
  }
}
