import { z } from 'zod';
import { line } from '../../fleet/ledger-lines.ts';
import type { GatewayClient } from '../../gateway-client.ts';

/** From one look to the next; longer where looking takes long, so that it does not become a load of its own. */
const LOOK_MS = 1_000;
const PART_OF_TIME = 5;
const PAGE = 500;

const page = z.object({
  items: z.array(z.object({ id: z.string(), device: z.string().nullable(), storm: z.string().nullable() })),
  next: z.string().optional(),
});

interface Storm {
  /** As it was told last. */
  count: number;
  /** When the last look that was finished began, Unix ms; 0 before the first. */
  lookedMs: number;
  /** Parts that were ever listed, and how many were at the last look. */
  seen: Set<string>;
  listed: Set<string>;
}

export interface StormWatchOptions {
  gateway: Pick<GatewayClient, 'call'>;
  ledger: { add(line: string): void };
  nowMs(): number;
  /** Told of each alert that was found as a part, with its device. */
  onPart?(device: string): void;
}

/**
 * Looks at what a gateway lists of the storms that the command centre was told of: nobody is told of each part, so that
 * one is there at all is known by looking. Each part is written down when it is first seen.
 */
export class StormWatch {
  readonly #options: StormWatchOptions;
  readonly #storms = new Map<string, Storm>();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: StormWatchOptions) {
    this.#options = options;
  }

  /** The command centre was told that an alert stands for so many; from the first storm on it looks. */
  told(alert: string, count: number): void {
    if (count < 1 || this.#isStopped) return;
    const isFirst = this.#storms.size === 0;
    const storm = this.#storms.get(alert);
    if (storm) storm.count = Math.max(storm.count, count);
    else this.#storms.set(alert, { count, lookedMs: 0, seen: new Set(), listed: new Set() });
    if (isFirst) this.#next(0);
  }

  /** Whether of each storm no more is listed than was told. */
  get isTold(): boolean {
    return [...this.#storms.values()].every(({ count, lookedMs, listed }) => lookedMs > 0 && count > listed.size);
  }

  /** Ends with one more look, and writes down what is listed. A gateway that does not answer is not judged by it. */
  async finish(): Promise<void> {
    this.stop();
    await this.#looking;
    for (const [storm, known] of this.#storms) {
      if (!(await this.#look(storm, known))) continue;
      const gone = [...known.seen].filter((alert) => !known.listed.has(alert));
      this.#options.ledger.add(line.storm({ storm, listed: known.listed.size, gone }));
    }
  }

  /** Looks no more. */
  stop(): void {
    this.#isStopped = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  #next(afterMs: number): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.#lookAtAll();
    }, afterMs);
  }

  async #lookAtAll(): Promise<void> {
    const beganMs = performance.now();
    for (const [storm, known] of this.#storms) if (!this.#isStopped) await this.#look(storm, known);
    this.#next(Math.max(LOOK_MS, (performance.now() - beganMs) * PART_OF_TIME));
  }

  /** Whether the gateway answered: while it is away there is nothing to see. */
  async #look(storm: string, known: Storm): Promise<boolean> {
    const { nowMs, ledger, onPart } = this.#options;
    const beganMs = nowMs();
    const found = await this.#partsOf(storm).catch(() => null);
    if (found === null) return false;
    const atMs = nowMs();
    for (const { id: alert, device } of found) {
      if (known.seen.has(alert)) continue;
      known.seen.add(alert);
      ledger.add(line.part({ atMs, beforeMs: known.lookedMs, storm, alert, device }));
      if (device !== null) onPart?.(device);
    }
    known.listed = new Set(found.map(({ id }) => id));
    known.lookedMs = beganMs;
    return true;
  }

  async #partsOf(storm: string): Promise<z.infer<typeof page>['items']> {
    const found: z.infer<typeof page>['items'] = [];
    let cursor: string | undefined;
    do {
      const query = new URLSearchParams({ storm, limit: String(PAGE) });
      if (cursor !== undefined) query.set('cursor', cursor);
      const { items, next } = page.parse((await this.#options.gateway.call('GET', `/alerts?${query}`)).body);
      found.push(...items.filter((one) => one.storm === storm));
      cursor = next;
    } while (cursor !== undefined);
    return found;
  }
}
