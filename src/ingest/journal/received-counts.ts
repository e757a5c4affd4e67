import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Jurisdiction } from '../../core/jurisdiction.ts';
import type { Lane } from '../../core/types.ts';
import { writeFileDurable } from '../../platform/files/files.ts';
import type { LaneLife } from './lineage.ts';

/** How many messages of one kind and district a lane has taken in, in one life of the journal. */
export interface ReceivedCount {
  kind: string;
  jurisdiction: Jurisdiction;
  messages: number;
}

const CHECKPOINT = z.object({
  version: z.literal(1),
  /** Life of the journal; missing in what versions without it wrote, which knew one only. */
  incarnation: z.string().optional(),
  lane: z.enum(['live', 'bulk']),
  offset: z.int().min(0),
  counts: z.array(z.tuple([z.string(), z.string(), z.int().min(0)])),
});

/**
 * Counts what enters the journal, on the side of the writer: the ledger compares it with what the reader did, so the
 * two must not come from one count. Kept in a small file, brought up to date at start by reading what came after it.
 */
export class ReceivedCounts {
  readonly #lane: Lane;
  readonly #path: string;
  readonly #byKind = new Map<string, Map<Jurisdiction, { messages: number }>>();
  readonly #life: LaneLife;
  /** The counts cover the log from the beginning of the life up to here. */
  offset: number;
  /** What the file on disk covers: records before it may be deleted without being missed in the counts. */
  savedOffset: number;

  constructor({ lane, life, path }: { lane: Lane; life: LaneLife; path: string }) {
    this.#lane = lane;
    this.#life = life;
    this.#path = path;
    this.offset = life.from;
    this.savedOffset = life.from;
  }

  add(kind: string, jurisdiction: Jurisdiction, endOffset: number): void {
    const areas = this.#byKind.get(kind) ?? new Map<Jurisdiction, { messages: number }>();
    if (areas.size === 0) this.#byKind.set(kind, areas);
    const cell = areas.get(jurisdiction);
    if (cell) cell.messages += 1;
    else areas.set(jurisdiction, { messages: 1 });
    this.offset = endOffset;
  }

  list(): ReceivedCount[] {
    const rows: ReceivedCount[] = [];
    for (const [kind, areas] of this.#byKind) {
      for (const [jurisdiction, { messages }] of areas) rows.push({ kind, jurisdiction, messages });
    }
    return rows;
  }

  /** Returns whether a usable checkpoint was there; a missing one is fine only for a log that holds its life whole. */
  async load(): Promise<boolean> {
    const text = await readFile(this.#path, 'utf8').catch(() => null);
    const parsed = text === null ? null : CHECKPOINT.safeParse(jsonOrNull(text));
    if (!parsed?.success || parsed.data.lane !== this.#lane) return false;
    if ((parsed.data.incarnation ?? this.#life.id) !== this.#life.id) return false;
    if (parsed.data.offset < this.#life.from) return false;
    for (const [kind, jurisdiction, messages] of parsed.data.counts) {
      const areas = this.#byKind.get(kind) ?? new Map<Jurisdiction, { messages: number }>();
      this.#byKind.set(kind, areas.set(jurisdiction, { messages }));
    }
    this.offset = parsed.data.offset;
    this.savedOffset = parsed.data.offset;
    return true;
  }

  async save(): Promise<void> {
    const { offset } = this;
    if (offset === this.savedOffset) return;
    const counts = this.list().map(({ kind, jurisdiction, messages }) => [kind, jurisdiction, messages]);
    const text = JSON.stringify({ version: 1, lane: this.#lane, incarnation: this.#life.id, offset, counts });
    await writeFileDurable(this.#path, text, { mode: 0o600 });
    this.savedOffset = offset;
  }
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
