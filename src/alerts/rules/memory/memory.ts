import type { ConditionState } from '../conditions/condition.ts';
import { subjectOf } from '../conditions/subject.ts';
import {
  type ClockName,
  ofStateKey,
  ofTimerKey,
  type Raised,
  type Remembered,
  type StoredStates,
  type SubjectStates,
  timerKey,
} from './remembered.ts';
import { type Places, States } from './states.ts';
import { Timers } from './timers.ts';

/** Whose a state is, and where that stands. */
export interface Place {
  kind: string;
  jurisdiction: string;
}

/** Which state: a rule's of one subject, or of one part of it. */
export interface StateName {
  key: string;
  /** The subject as it is written. */
  text: string;
}

/** What all rules remember, with its clocks, and what of it is not stored yet. */
export class RuleMemory {
  /** By the subject as it is written. */
  readonly #subjects = new Map<string, Remembered>();
  readonly #timers = new Timers();
  #changed = new Set<string>();
  /** By kind. */
  readonly #places = new Map<string, Places>();
  /** Found last: all rules of a message ask for the same. */
  #last: { text: string; remembered: Remembered } | null = null;

  get(text: string): Remembered | undefined {
    if (this.#last?.text === text) return this.#last.remembered;
    const remembered = this.#subjects.get(text);
    if (remembered) this.#last = { text, remembered };
    return remembered;
  }

  all(): Iterable<[string, Remembered]> {
    return this.#subjects;
  }

  /** Where a subject begins of which nothing is remembered. */
  begun({ kind, jurisdiction }: Place): Remembered {
    const places = this.#places.get(kind) ?? new Map<string, number>();
    this.#places.set(kind, places);
    return { kind, jurisdiction, states: new States(places), raised: new Map() };
  }

  /** What was stored of a subject; its clocks are the caller's to set. */
  put(text: string, remembered: Remembered): void {
    this.#subjects.set(text, remembered);
    this.#last = { text, remembered };
  }

  /**
   * Keeps a state; without a place only of what is remembered already. `isOnlyClock`: that it moved its clock ahead is
   * not worth storing.
   */
  keep(name: StateName, state: ConditionState, place?: Place, isOnlyClock = false): void {
    const { key, text } = name;
    const remembered = this.#at(text, place);
    if (!remembered) return;
    const hasMoved = place !== undefined && remembered.jurisdiction !== place.jurisdiction;
    if (place) remembered.jurisdiction = place.jurisdiction;
    const before = remembered.states.get(key);
    remembered.states.set(key, state);
    // Most states have no clock, before and after.
    if (state.dueAtMs !== null || before?.dueAtMs) this.schedule('condition', name, state.dueAtMs);
    // Of a device that has moved, silence after the next start must be told to its new district.
    if (!(isOnlyClock && before && isSameButClock(before, state)) || hasMoved) this.#changed.add(text);
  }

  /**
   * Notes in a state that is kept what was judged last. It is changed in place: nobody else has it, because states are
   * copied where they come in and where they are handed out.
   */
  note(text: string, state: ConditionState, lastAtMs: number, { jurisdiction }: Place): void {
    const remembered = this.get(text);
    if (!remembered) return;
    remembered.jurisdiction = jurisdiction;
    state.lastAtMs = lastAtMs;
    this.#changed.add(text);
  }

  /** Notes that a state has raised something, or, with null, that it is over. */
  raise({ key, text }: StateName, raised: Raised | null, place?: Place): void {
    const remembered = raised ? this.#at(text, place) : this.#subjects.get(text);
    if (!remembered) return;
    const before = remembered.raised.get(key);
    if (raised) remembered.raised.set(key, raised);
    else if (!remembered.raised.delete(key)) return;
    if (raised?.untilMs != null || before?.untilMs != null) {
      this.schedule('raised', { key, text }, raised?.untilMs ?? null);
    }
    this.#changed.add(text);
  }

  schedule(name: ClockName, { key, text }: StateName, dueAtMs: number | null): void {
    const timer = timerKey(name, key, text);
    if (dueAtMs === null) this.#timers.cancel(timer);
    else this.#timers.set(timer, dueAtMs);
  }

  /** Removes and returns the clocks due at or before `nowMs`, earliest first. */
  due(nowMs: number): ({ name: ClockName; dueAtMs: number } & StateName)[] {
    return this.#timers.take(nowMs).map(({ key, dueAtMs }) => ({ ...ofTimerKey(key), dueAtMs }));
  }

  /** Forgets one state; whether there was something. */
  drop({ key, text }: StateName): boolean {
    const remembered = this.#subjects.get(text);
    const had = [remembered?.states.delete(key), remembered?.raised.delete(key)];
    if (!had.includes(true)) return false;
    this.#cancel(key, text);
    this.#changed.add(text);
    return true;
  }

  /** Forgets a subject, also where it is stored only. */
  forget(text: string): void {
    const { states, raised } = this.#subjects.get(text) ?? {};
    for (const key of [...(states?.keys() ?? []), ...(raised?.keys() ?? [])]) this.#cancel(key, text);
    this.#subjects.delete(text);
    this.#last = null;
    this.#changed.add(text);
  }

  /** Subjects that changed since the last call, with all their states; without states: forget the subject. */
  takeChanged(versionOf: (rule: string) => number): SubjectStates[] {
    const changed = [...this.#changed].map((text) => this.#stored(text, versionOf));
    this.#changed = new Set();
    return changed;
  }

  #at(text: string, place: Place | undefined): Remembered | undefined {
    const known = this.get(text);
    if (known || !place) return known;
    const { kind, jurisdiction } = place;
    const remembered = this.begun({ kind, jurisdiction });
    this.put(text, remembered);
    return remembered;
  }

  #cancel(key: string, text: string): void {
    this.#timers.cancel(timerKey('condition', key, text));
    this.#timers.cancel(timerKey('raised', key, text));
  }

  #stored(text: string, versionOf: (rule: string) => number): SubjectStates {
    const remembered = this.#subjects.get(text);
    const states: StoredStates = {};
    for (const key of new Set([...(remembered?.states.keys() ?? []), ...(remembered?.raised.keys() ?? [])])) {
      const raised = remembered!.raised.get(key);
      const held = remembered!.states.get(key);
      const state = held ? { ...held } : null;
      states[key] = { version: versionOf(ofStateKey(key).rule), state, ...(raised && { raised }) };
    }
    const { kind = '', jurisdiction = '' } = remembered ?? {};
    return { subject: subjectOf(text), kind, jurisdiction, states };
  }
}

/** Whether only where its clock stands has changed. */
function isSameButClock(before: ConditionState, after: ConditionState): boolean {
  if (before.phase !== after.phase) return false;
  const [a, b] = [before, after] as unknown as Record<string, unknown>[];
  for (const name in b) if (!CLOCK.has(name) && a![name] !== b[name]) return false;
  return true;
}

const CLOCK: ReadonlySet<string> = new Set(['since', 'dueAtMs', 'phase']);
