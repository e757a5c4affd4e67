import { INTERNAL_RECORDS, isInternal } from '../../core/internal-records.ts';
import type { DecodedMessage, DeviceId, Message } from '../../core/types.ts';
import {
  type ConditionState,
  type DevicesAround,
  type Input,
  type Judgement,
  positionOf,
  type Restart,
  signOf,
  type Watch,
} from './conditions/condition.ts';
import { deviceIn, jurisdictionOf, type Subject, subjectOf, subjectText } from './conditions/subject.ts';
import { type Finding, findingOf } from './findings.ts';
import { RESTARTS } from './restarts.ts';
import type { Rule } from './rules.ts';
import { Timers } from './timers.ts';

export type { Watch } from './conditions/condition.ts';

/** What the rules ask of the registry. */
export interface DevicesPort extends DevicesAround {
  isRetired(device: DeviceId): boolean;
}

/** Rule states of one subject as they are stored: by rule name, with the version they belong to. */
export type StoredStates = Record<string, { version: number; state: ConditionState }>;

export interface SubjectStates {
  subject: Subject;
  kind: string;
  jurisdiction: string;
  states: StoredStates;
}

interface Remembered {
  kind: string;
  jurisdiction: string;
  states: Map<string, ConditionState>;
}

/**
 * Judges every message in journal order. Holds the state of all rules in memory; the reader stores what changed
 * together with its cursor. The cost of a message depends on the rules of its kind, never on the number of devices.
 * What a rule says is its condition's matter: nothing here knows one condition from another.
 */
export class RulesEngine {
  #byKind = new Map<string, Rule[]>();
  #byName = new Map<string, Rule>();
  /** By the subject as it is written. */
  readonly #subjects = new Map<string, Remembered>();
  readonly #timers = new Timers();
  readonly #watch: Watch;
  readonly #devices: DevicesPort;
  #changed = new Set<string>();

  constructor(rules: readonly Rule[], watch: Watch, devices: DevicesPort) {
    this.#watch = watch;
    this.#devices = devices;
    this.#take(rules);
  }

  /** Takes up stored states; those of another version of their rule, or of another condition, start afresh. */
  load(stored: Iterable<SubjectStates>): void {
    for (const { subject, kind, jurisdiction, states } of stored) {
      const text = subjectText(subject);
      const device = deviceIn(text);
      if (device !== null && this.#devices.isRetired(device)) {
        this.#changed.add(text);
        continue;
      }
      const remembered: Remembered = { kind, jurisdiction, states: new Map() };
      for (const [name, { version, state }] of Object.entries(states)) {
        const rule = this.#byName.get(name);
        if (rule?.version !== version || rule.condition.type !== state.type) continue;
        remembered.states.set(name, state);
        // Run on from where it was stored, a clock of silence would report every subject as silent.
        if (rule.by.clock === 'duration') this.#schedule(name, text, state);
      }
      this.#subjects.set(text, remembered);
    }
  }

  /**
   * Puts these rules in force. A rule of the same name and version keeps its states and clocks; those of a rule that is
   * gone, or has another version, are dropped. Takes time with the number of subjects; for a rare act.
   */
  replace(rules: readonly Rule[]): void {
    const before = this.#byName;
    this.#take(rules);
    const dropped = [...before.values()].filter(({ rule, version }) => this.#byName.get(rule)?.version !== version);
    for (const [text, { states }] of this.#subjects) {
      for (const { rule } of dropped) {
        if (!states.delete(rule)) continue;
        this.#timers.cancel(timerKey(rule, text));
        this.#changed.add(text);
      }
    }
  }

  #take(rules: readonly Rule[]): void {
    this.#byName = new Map(rules.map((rule) => [rule.rule, rule]));
    this.#byKind = new Map();
    for (const rule of rules) {
      if (rule.by.hears !== 'devices') continue;
      for (const kind of rule.kinds) this.#byKind.set(kind, [...(this.#byKind.get(kind) ?? []), rule]);
    }
  }

  /** Subjects whose states changed since the last call, with all their states; without states: forget the subject. */
  takeChanged(): SubjectStates[] {
    const changed = [...this.#changed].map((text) => this.#stored(text));
    this.#changed = new Set();
    return changed;
  }

  /**
   * Judges one message; first lets every clock run out that was due before it was received. Before a start record no
   * clock of silence does: what was due while the gateway ran is stored as fired. A backfill is judged as far as it is
   * newer than what was judged before, but moves no clock: live data that came earlier may be judged after it.
   */
  judge(decoded: DecodedMessage, decidedAtMs: number): Finding[] {
    const { message } = decoded;
    if (isInternal(message)) this.#restartClocks(message);
    const findings = message.lane === 'live' ? this.advanceTo(message.receivedAtMs, decidedAtMs) : [];
    if (isInternal(message) && this.#internal(message)) return findings;
    const rules = this.#byKind.get(message.device.kind);
    if (!rules) return findings;
    const whole: Input = { message, record: null, sign: signOf(decoded), watch: this.#watch, devices: this.#devices };
    for (const rule of rules) this.#judge(rule, whole, decidedAtMs, findings);
    for (const record of decoded.records) {
      if (record.duplicate) continue;
      const input = { ...whole, record };
      for (const rule of rules) this.#judge(rule, input, decidedAtMs, findings);
    }
    return findings;
  }

  /** Lets every clock run out that is due at or before `nowMs`. */
  advanceTo(nowMs: number, decidedAtMs: number): Finding[] {
    const findings: Finding[] = [];
    // A clock that ran out may have started one that has run out, too.
    for (let due = this.#timers.take(nowMs); due.length > 0; due = this.#timers.take(nowMs)) {
      for (const one of due) this.#ranOut(one, decidedAtMs, findings);
    }
    return findings;
  }

  #ranOut({ key, dueAtMs }: { key: string; dueAtMs: number }, decidedAtMs: number, findings: Finding[]): void {
    const [name, text] = ofTimer(key);
    const rule = this.#byName.get(name);
    const remembered = this.#subjects.get(text);
    const state = remembered?.states.get(name);
    if (!rule || !remembered || !state || state.dueAtMs === null) return;
    // Also where the journal had no room for the record that says so.
    if (rule.by.clock === 'silence' && this.#isRetired(text)) {
      this.#forget(text);
      return;
    }
    const step = rule.by.timer(rule.condition, state);
    this.#keep(rule, text, step.state ?? state);
    const told = {
      subject: subjectOf(text),
      jurisdiction: remembered.jurisdiction,
      receivedAtMs: dueAtMs,
      decidedAtMs,
    };
    this.#tell(rule, step.judgements, { ...told, index: 'timer', from: 'timer', state }, findings);
  }

  #judge(rule: Rule, input: Input, decidedAtMs: number, findings: Finding[]): void {
    const subject = rule.by.subject(rule.condition, input);
    if (!subject) return;
    const text = subjectText(subject);
    const { message, record } = input;
    const before = this.#subjects.get(text)?.states.get(rule.rule) ?? rule.by.initial(rule.condition);
    const { state, judgements } = rule.by.judge(rule.condition, before, input);
    const hasNews = state && state !== before;
    if (!hasNews && judgements.length === 0) return;
    const jurisdiction = jurisdictionOf(subject, message.device);
    if (hasNews) this.#keep(rule, text, state, { kind: message.device.kind, jurisdiction });
    this.#tell(
      rule,
      judgements,
      {
        subject,
        jurisdiction,
        receivedAtMs: message.receivedAtMs,
        decidedAtMs,
        index: record?.index ?? 0,
        from: input,
        state,
      },
      findings,
    );
  }

  #tell(rule: Rule, judgements: Judgement[], { from, state, ...decided }: Told, findings: Finding[]): void {
    if (judgements.length === 0) return;
    const evidence = rule.by.evidence(rule.condition, state, from);
    for (const judgement of judgements) findings.push(findingOf(rule, judgement, decided, evidence));
  }

  /** Handles the journal's own records; returns whether the record was one of them. */
  #internal(message: Message): boolean {
    switch (message.topic) {
      case INTERNAL_RECORDS.registered.topic:
        // No clock begins: a device that was never heard of is a matter of who installs it, not of the command centre.
        return true;
      case INTERNAL_RECORDS.retired.topic:
        this.#forget(message.device.id);
        return true;
      default:
        return RESTARTS[message.topic] !== undefined;
    }
  }

  /** While the gateway was down nobody could be heard, and how long anything lasted is unknown once a clock was set. */
  #restartClocks(message: Message): void {
    const cause = RESTARTS[message.topic];
    if (!cause) return;
    const restart: Restart = { cause, position: positionOf(message), receivedAtMs: message.receivedAtMs };
    for (const [text, { states }] of this.#subjects) {
      for (const [name, state] of states) {
        const rule = this.#byName.get(name);
        const next = rule?.by.restart(rule.condition, state, restart);
        if (rule && next && next !== state) this.#keep(rule, text, next);
      }
    }
  }

  #isRetired(text: string): boolean {
    const device = deviceIn(text);
    return device !== null && this.#devices.isRetired(device);
  }

  #forget(text: string): void {
    for (const name of this.#subjects.get(text)?.states.keys() ?? []) this.#timers.cancel(timerKey(name, text));
    this.#subjects.delete(text);
    this.#changed.add(text);
  }

  #keep(rule: Rule, text: string, state: ConditionState, identity?: { kind: string; jurisdiction: string }): void {
    let remembered = this.#subjects.get(text);
    if (!remembered && !identity) return;
    remembered ??= { kind: identity?.kind ?? '', jurisdiction: identity?.jurisdiction ?? '', states: new Map() };
    const hasMoved = identity !== undefined && remembered.jurisdiction !== identity.jurisdiction;
    if (identity) remembered.jurisdiction = identity.jurisdiction;
    this.#subjects.set(text, remembered);
    const before = remembered.states.get(rule.rule);
    remembered.states.set(rule.rule, state);
    // Most states have no clock, before and after.
    if (state.dueAtMs !== null || before?.dueAtMs) this.#schedule(rule.rule, text, state);
    // A device that goes on reporting only pushes its clock ahead; the start record restarts it anyway.
    const onlyClock = rule.by.clock === 'silence' && before?.phase === state.phase;
    // Of a device that has moved, silence after the next start must be told to its new district.
    if (!onlyClock || hasMoved) this.#changed.add(text);
  }

  #schedule(name: string, text: string, state: ConditionState): void {
    const key = timerKey(name, text);
    if (state.dueAtMs === null) this.#timers.cancel(key);
    else this.#timers.set(key, state.dueAtMs);
  }

  #stored(text: string): SubjectStates {
    const remembered = this.#subjects.get(text);
    const states: StoredStates = {};
    for (const [name, state] of remembered?.states ?? []) {
      states[name] = { version: this.#byName.get(name)?.version ?? 0, state };
    }
    const { kind = '', jurisdiction = '' } = remembered ?? {};
    return { subject: subjectOf(text), kind, jurisdiction, states };
  }
}

interface Told {
  from: Input | 'timer';
  /** Of a clock that ran out: as it was before. */
  state: ConditionState | null;
  subject: Subject;
  jurisdiction: string;
  index: number | 'timer';
  receivedAtMs: number;
  decidedAtMs: number;
}

function timerKey(rule: string, text: string): string {
  return `${rule}|${text}`;
}

/** Names of rules have no bar. */
function ofTimer(key: string): [rule: string, subject: string] {
  const bar = key.indexOf('|');
  return [key.slice(0, bar), key.slice(bar + 1)];
}
