import type { Clock } from '../../core/clock.ts';
import type { Message, NewMessage } from '../../core/types.ts';
import { Encoder, type EncoderDeps, type Group, newSalt, type SegmentPlan } from './group.ts';
import { GroupPace } from './group-pace.ts';

export interface CommitterDeps extends EncoderDeps {
  clock: Clock;
  limits: { groupDelayMs: number; groupBytes: number; segmentBytes: number };
  /** Makes a group durable. */
  write(group: Group): Promise<void>;
  /** Told of a durable group before its senders are. */
  onSynced(group: Group, seconds: number): void;
  /** Told of a failed write; what it resolves with is what the senders hear. */
  onFailed(error: unknown): Promise<unknown>;
}

/** Of larger groups nobody is looked for: so many share a write in any case. */
const AWAITED_MAX = 64;

/**
 * Group commit: records collect while a synced write runs, so its cost is shared by all that wait for it. Groups begin
 * `groupDelayMs` apart, further where there are many messages ({@link GroupPace}), or when one is large enough: at 450
 * messages/s of a thousand devices there would be a write for nearly each. Senders who wait for each answer before
 * their next message are not held up: once all of the last group are there again nobody else is waited for.
 */
export class Committer {
  readonly #deps: CommitterDeps;
  readonly #encoder: Encoder;
  readonly #pace: GroupPace;
  /** Groups not yet durable, oldest first. */
  #pending: Group[] = [];
  /** The group being written, which takes no more records. */
  #writing: Group | null = null;
  #plan: SegmentPlan | null = null;
  #flushing: Promise<void> | null = null;
  #cancelTimer: (() => void) | null = null;
  #lastFlushMs = Number.NEGATIVE_INFINITY;
  /** Who was in the last group and is not in the next one yet; null where that says nothing. */
  #awaited: Set<string> | null = null;
  /** Offset of the next record, beyond everything ever tried: no offset is used twice. */
  #next: number;
  unsyncedBytes = 0;

  constructor(deps: CommitterDeps, head: number) {
    this.#deps = deps;
    this.#encoder = new Encoder(deps);
    this.#pace = new GroupPace(deps.limits.groupDelayMs);
    this.#next = head;
  }

  /** Takes a checked message; resolves when it is durable, rejects when its file was given up. */
  add(message: NewMessage): Promise<Message> {
    const group = this.#openGroup();
    this.#encoder.add(message, group);
    this.unsyncedBytes += group.to - this.#next;
    this.#next = group.to;
    this.#awaited?.delete(message.device.id);
    this.#schedule();
    return new Promise((resolve, reject) => {
      group.settle.push({ resolve, reject });
    });
  }

  /** The group the next record joins: a new one when the last is large enough or being written. */
  #openGroup(): Group {
    const last = this.#pending.at(-1);
    const { groupBytes, segmentBytes } = this.#deps.limits;
    if (last && last !== this.#writing && last.to - last.from < groupBytes) return last;
    if (!this.#plan || this.#next - this.#plan.base >= segmentBytes) this.#plan = { base: this.#next, salt: newSalt() };
    const group: Group = {
      plan: this.#plan,
      from: this.#next,
      to: this.#next,
      parts: [],
      messages: [],
      settle: [],
    };
    this.#pending.push(group);
    return group;
  }

  #schedule(): void {
    const group = this.#pending[0];
    if (this.#flushing || !group) return;
    const { groupBytes } = this.#deps.limits;
    const isComplete = this.#awaited?.size === 0;
    const waitMs = isComplete ? 0 : this.#lastFlushMs + this.#pace.delayMs - this.#deps.clock.monotonicMs();
    if (waitMs <= 0 || this.#pending.length > 1 || group.to - group.from >= groupBytes) this.#start();
    else this.#cancelTimer ??= this.#deps.clock.after(waitMs, () => this.#start());
  }

  #start(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#flushing ??= this.#flush();
  }

  async #flush(): Promise<void> {
    // What else arrives in this turn of the event loop shares the write.
    await new Promise((resolve) => setImmediate(resolve));
    const startMs = this.#deps.clock.monotonicMs();
    this.#lastFlushMs = startMs;
    this.#writing = this.#pending[0] ?? null;
    this.#pace.began(this.#writing?.messages.length ?? 0, startMs);
    try {
      if (this.#writing) await this.#deps.write(this.#writing);
      this.#finish(startMs);
    } catch (error) {
      await this.#giveUp(error);
    }
    this.#flushing = null;
    this.#schedule();
  }

  #finish(startMs: number): void {
    const group = this.#writing;
    this.#writing = null;
    if (!group) return;
    this.#pending.shift();
    this.#awaited = this.#awaitedAfter(group);
    this.unsyncedBytes -= group.to - group.from;
    this.#deps.onSynced(group, (this.#deps.clock.monotonicMs() - startMs) / 1000);
    for (const [index, { resolve }] of group.settle.entries()) resolve(group.messages[index]!);
  }

  #awaitedAfter({ messages }: Group): Set<string> | null {
    if (messages.length > AWAITED_MAX) return null;
    const awaited = new Set(messages.map(({ device }) => device.id));
    for (const { device } of this.#pending[0]?.messages ?? []) awaited.delete(device.id);
    return awaited;
  }

  /** Everything that waits was encoded for the file that is given up, so all of its senders are told. */
  async #giveUp(error: unknown): Promise<void> {
    const lost = this.#pending;
    this.#pending = [];
    this.#writing = null;
    this.#plan = null;
    this.unsyncedBytes = 0;
    const refusal = await this.#deps.onFailed(error);
    for (const { settle } of lost) for (const { reject } of settle) reject(refusal);
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    while (this.#pending.length > 0) {
      this.#start();
      await this.#flushing;
    }
  }
}
