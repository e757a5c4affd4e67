import { type Asked, Conversation } from './conversation.ts';
import type { Moment, Syscall } from './strace-lines.ts';

/** What the order of calls shows of a gateway's answers. */
export interface AckFindings {
  /** Messages that were on the disk when they were answered; that were not; and of which the calls do not tell. */
  right: number;
  wrong: number;
  untold: number;
  examples: string[];
}

const EXAMPLES_MAX = 5;
/** Ids that are remembered: a message that comes twice may be answered the second time without writing anything. */
const IDS_MAX = 200_000;
const SYNCS = new Set(['fdatasync', 'fsync']);
const SYNCS_ALL = new Set(['sync', 'syncfs']);
const WRITES = new Set(['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2', 'sendto', 'sendmsg']);
const READS = new Set(['read', 'readv', 'recvfrom', 'recvmsg']);
const SYNCED = /O_D?SYNC/;
const SYNCED_WRITE = /RWF_D?SYNC/;

/** Where the bytes of an id are. */
interface Place {
  /** Order of the moment at which its message had come in. */
  cameAt: number;
  isDurable: boolean;
  /** Files that have it and were not synced since. */
  files: Set<string>;
  /** It went on to another process, who may keep it. */
  isSentOn: boolean;
}

/**
 * Judges by the order of a gateway's calls whether what it answers is on the disk by then: the id of a message has to
 * stand in a file by a write that was synced by itself or that an fdatasync followed, before the first byte of the
 * answer. Whoever keeps messages in another process, or in a form in which their ids cannot be found, is accused only
 * if nothing at all was synced or sent on between the message and its answer.
 */
export class AckOrder {
  readonly #run: RegExp;
  readonly #places = new Map<string, Place>();
  readonly #conversations = new Map<string, Conversation>();
  /** Files whose every write is synced, and files that were synced at any time. */
  readonly #synced: Set<string>;
  readonly #everSynced = new Set<string>();
  /** Ids that each file had when the sync that is under way began, by file and thread of the sync. */
  readonly #syncing = new Map<Syscall['target'], { begunAt: number; ids: string[] }[]>();
  readonly #dirty = new Map<string, Set<string>>();
  /** When the last sync began that is over: what came in later is not in it. */
  #lastSyncBegunAt = -1;
  #order = 0;
  #isCut = false;
  /** Whether it gives the kernel work by a ring, where it cannot be seen, and ids were in writes that can. */
  #usesRings = false;
  #isSeen = false;
  readonly findings: AckFindings = { right: 0, wrong: 0, untold: 0, examples: [] };

  /** @param synced files that were open before, each write of which is synced */
  constructor(run: string, synced: Iterable<string> = []) {
    this.#run = new RegExp(`${run.replace(/[^a-zA-Z0-9]/g, '')}-[et][0-9a-z]+`, 'g');
    this.#synced = new Set(synced);
  }

  take({ is, call }: Moment): void {
    this.#order += 1;
    if (call.name === 'io_uring_enter') this.#usesRings = true;
    else if (is === 'begun') this.#begun(call);
    else this.#over(call);
  }

  #begun(call: Syscall): void {
    const { name, target, data } = call;
    if (SYNCS.has(name) || SYNCS_ALL.has(name)) this.#syncBegins(call);
    else if (WRITES.has(name) && !target.startsWith('/')) this.#answers(target, data);
  }

  #over(call: Syscall): void {
    const { name, target, data, result, isCut } = call;
    if (name === 'openat') {
      if (SYNCED.test(call.words)) this.#synced.add(target);
    } else if (SYNCS.has(name) || SYNCS_ALL.has(name)) this.#syncEnds(call);
    else if (READS.has(name) && target.startsWith('socket:')) this.#comes(target, data);
    else if (WRITES.has(name) && target.startsWith('/')) this.#written(call);
    else if (WRITES.has(name) && (result !== data.length || isCut)) this.#conversations.get(target)?.lose();
  }

  #comes(target: string, data: Buffer): void {
    if (data.length === 0) return;
    let conversation = this.#conversations.get(target);
    if (!conversation) {
      conversation = new Conversation((text) => this.#idsIn(text));
      this.#conversations.set(target, conversation);
    }
    for (const { ids } of conversation.read(data)) for (const id of ids) this.#placeOf(id);
  }

  #answers(target: string, data: Buffer): void {
    for (const asked of this.#conversations.get(target)?.write(data) ?? []) this.#judge(asked);
    if (!target.startsWith('socket:')) return;
    for (const id of this.#idsIn(data.toString('latin1'))) {
      const place = this.#places.get(id);
      if (place) place.isSentOn = true;
    }
  }

  #written({ target, data, words, result, isCut }: Syscall): void {
    if (result === null || result < 0) return;
    this.#isCut ||= isCut;
    const isSynced = this.#synced.has(target) || SYNCED_WRITE.test(words);
    if (isSynced) this.#everSynced.add(target);
    for (const id of this.#idsIn(data.subarray(0, result).toString('latin1'))) {
      const place = this.#placeOf(id);
      this.#isSeen = true;
      if (isSynced) place.isDurable = true;
      else {
        place.files.add(target);
        const dirty = this.#dirty.get(target) ?? new Set<string>();
        this.#dirty.set(target, dirty.add(id));
      }
    }
  }

  #syncBegins({ name, target }: Syscall): void {
    const files = SYNCS_ALL.has(name) ? [...this.#dirty.keys()] : [target];
    const ids = files.flatMap((file) => {
      const found = [...(this.#dirty.get(file) ?? [])];
      this.#dirty.delete(file);
      return found;
    });
    const before = this.#syncing.get(target) ?? [];
    before.push({ begunAt: this.#order, ids });
    this.#syncing.set(target, before);
  }

  /** Of two syncs of one file the one that began first counts as the one that is over: it had less of it. */
  #syncEnds({ target, result }: Syscall): void {
    const first = this.#syncing.get(target)?.shift();
    if (!first || result !== 0) return;
    this.#everSynced.add(target);
    this.#lastSyncBegunAt = Math.max(this.#lastSyncBegunAt, first.begunAt);
    for (const id of first.ids) this.#placeOf(id).isDurable = true;
  }

  #judge({ ids }: Asked): void {
    const found = ids.map((id) => this.#found(id));
    const { findings } = this;
    if (found.includes('wrong')) {
      findings.wrong += 1;
      const at = found.indexOf('wrong');
      if (findings.examples.length < EXAMPLES_MAX) findings.examples.push(`${ids[at]}: answered before it was synced`);
    } else if (found.includes('untold')) findings.untold += 1;
    else findings.right += 1;
  }

  #found(id: string): 'right' | 'wrong' | 'untold' {
    const place = this.#placeOf(id);
    if (place.isDurable) return 'right';
    // A log that names it is no place where it is kept: only a file that is synced at some time may be.
    const isInJournal = [...place.files].some((file) => this.#everSynced.has(file));
    // Some programs use a ring for their sockets alone: then their writes are seen.
    const isHidden = this.#isCut || (this.#usesRings && !this.#isSeen);
    const mayBeElsewhere = isHidden || place.isSentOn || this.#lastSyncBegunAt > place.cameAt;
    return isInJournal ? 'wrong' : mayBeElsewhere ? 'untold' : 'wrong';
  }

  #idsIn(text: string): string[] {
    return [...new Set(text.match(this.#run) ?? [])];
  }

  #placeOf(id: string): Place {
    let place = this.#places.get(id);
    if (!place) {
      place = { cameAt: this.#order, isDurable: false, files: new Set(), isSentOn: false };
      this.#places.set(id, place);
      if (this.#places.size > IDS_MAX) this.#places.delete(this.#places.keys().next().value as string);
    }
    return place;
  }
}
