import { INTERNAL_RECORDS, isInternal } from '../../core/internal-records.ts';
import type { DecodedMessage, DecodedRecord, DeviceId, Message } from '../../core/types.ts';
import {
  type AbsenceState,
  absenceTimer,
  initialThreshold,
  judgePresence,
  judgeReading,
  type Now,
  type Outcome,
  type RuleState,
  type Sign,
  signOf,
  type ThresholdState,
  thresholdTimer,
} from './conditions/conditions.ts';
import { eventHits, type Watch } from './event-hits.ts';
import { type Finding, findingOf } from './findings.ts';
import { splitPlates } from './plates.ts';
import { RESTARTS } from './restarts.ts';
import type { Rule } from './rules.ts';
import { Timers } from './timers.ts';

export type { Watch } from './event-hits.ts';

/** What the rules ask of the registry. */
export interface DevicesPort {
  isRetired(device: DeviceId): boolean;
}

/** Rule states of one device as they are stored: by rule name, with the version they belong to. */
export type StoredStates = Record<string, { version: number; state: RuleState }>;

export interface DeviceStates {
  device: DeviceId;
  kind: string;
  jurisdiction: string;
  states: StoredStates;
}

interface Subject {
  kind: string;
  jurisdiction: string;
  states: Map<string, RuleState>;
}

/**
 * Judges every message in journal order. Holds the state of all rules in memory; the reader stores what changed
 * together with its cursor. The cost of a message depends on the rules of its kind, never on the number of devices.
 */
export class RulesEngine {
  readonly #byKind = new Map<string, Rule[]>();
  readonly #byName = new Map<string, Rule>();
  readonly #subjects = new Map<DeviceId, Subject>();
  readonly #timers = new Timers();
  readonly #watch: Watch;
  readonly #devices: DevicesPort;
  #changed = new Set<DeviceId>();

  constructor(rules: Rule[], watch: Watch, devices: DevicesPort) {
    this.#watch = watch;
    this.#devices = devices;
    for (const rule of rules) {
      this.#byName.set(rule.rule, rule);
      for (const kind of rule.kinds) this.#byKind.set(kind, [...(this.#byKind.get(kind) ?? []), rule]);
    }
  }

  /**
   * Takes up stored states; those of another version of their rule start afresh. A clock of absence stands still until
   * its device is heard or the start record comes: where it stood is not stored at every sign of life, and run on from
   * there it would report every device as silent.
   */
  load(stored: Iterable<DeviceStates>): void {
    for (const { device, kind, jurisdiction, states } of stored) {
      if (this.#devices.isRetired(device)) {
        this.#changed.add(device);
        continue;
      }
      const subject: Subject = { kind, jurisdiction, states: new Map() };
      for (const [name, { version, state }] of Object.entries(states)) {
        if (this.#byName.get(name)?.version !== version) continue;
        subject.states.set(name, state);
        if (state.type === 'threshold') this.#schedule(name, device, state);
      }
      this.#subjects.set(device, subject);
    }
  }

  /** Devices whose states changed since the last call, with all their states; empty states mean: forget the device. */
  takeChanged(): DeviceStates[] {
    const changed = [...this.#changed].map((device) => this.#stored(device));
    this.#changed = new Set();
    return changed;
  }

  /**
   * Judges one message; first lets every clock run out that was due before it was received. Before a start record no
   * clock of absence does: what was due while the gateway ran is stored as fired. A backfill is judged as far as it is
   * newer than what was judged before, but moves no clock: live data that came earlier may be judged after it.
   */
  judge(decoded: DecodedMessage, decidedAtMs: number): Finding[] {
    const { message } = decoded;
    if (isInternal(message)) this.#restartClocks(message);
    const findings = message.lane === 'live' ? this.advanceTo(message.receivedAtMs, decidedAtMs) : [];
    if (isInternal(message) && this.#internal(message)) return findings;
    const rules = this.#byKind.get(message.device.kind);
    if (!rules) return findings;
    const sign = signOf(decoded);
    for (const rule of rules) this.#judgePresence({ rule, message, sign, decidedAtMs }, findings);
    for (const record of decoded.records) {
      if (record.duplicate) continue;
      for (const rule of rules) this.#judgeRecord({ rule, message, record, decidedAtMs }, findings);
    }
    return findings;
  }

  /** Lets every clock run out that is due at or before `nowMs`. */
  advanceTo(nowMs: number, decidedAtMs: number): Finding[] {
    const findings: Finding[] = [];
    for (const { key, dueAtMs } of this.#timers.take(nowMs)) {
      const [name = '', device = ''] = key.split('|');
      const rule = this.#byName.get(name);
      const subject = this.#subjects.get(device);
      const state = subject?.states.get(name);
      if (!rule || !subject || !state || state.dueAtMs === null) continue;
      // Also where the journal had no room for the record that says so.
      if (state.type === 'absence' && this.#devices.isRetired(device)) {
        this.#forget(device);
        continue;
      }
      const step = state.type === 'threshold' ? thresholdTimer(state) : absenceTimer(state);
      this.#keep(rule, device, step.state);
      if (!step.outcome) continue;
      findings.push({
        ...findingOf(rule, { device, jurisdiction: subject.jurisdiction }, step.outcome, 'timer'),
        // What lasted was last confirmed then; of silence no device tells the time.
        deviceAtMs: state.type === 'threshold' ? state.lastAtMs : null,
        receivedAtMs: dueAtMs,
        decidedAtMs,
        data: rule.condition.type === 'absence' ? { silent_for_s: rule.condition.silent_for_s } : seenBy(state),
      });
    }
    return findings;
  }

  #judgeRecord(input: JudgeInput, findings: Finding[]): void {
    const { rule, message, record, decidedAtMs } = input;
    const common = { receivedAtMs: message.receivedAtMs, deviceAtMs: record.atMs, decidedAtMs };
    const place = { device: message.device.id, jurisdiction: message.device.jurisdiction };
    const now: Now = { position: positionOf(message), receivedAtMs: message.receivedAtMs };
    if (rule.condition.type === 'event') {
      if (record.type !== 'event') return;
      const outcome: Outcome = { kind: 'fired', by: 'record', position: now.position };
      for (const { index, ...hit } of eventHits(rule.condition, record, message, this.#watch)) {
        findings.push({ ...findingOf(rule, place, outcome, index), ...common, ...hit });
      }
      return;
    }
    const outcome = this.#stateStep(rule, message, record, now);
    if (!outcome) return;
    const finding = findingOf(rule, place, outcome, record.index);
    const seen = record.type === 'reading' ? splitPlates(record.values, record.plates) : { data: {} };
    findings.push({ ...finding, ...common, ...seen });
  }

  #stateStep(rule: Rule, message: Message, record: DecodedRecord, now: Now): Outcome | null {
    const { condition } = rule;
    const { id } = message.device;
    const before = this.#subjects.get(id)?.states.get(rule.rule);
    if (condition.type === 'threshold') {
      if (record.type !== 'reading') return null;
      const state = (before as ThresholdState | undefined) ?? initialThreshold(condition);
      const step = judgeReading(condition, state, record, now);
      if (step.state !== state) this.#keep(rule, id, step.state, message.device);
      return step.outcome;
    }
    return null;
  }

  #judgePresence({ rule, message, sign, decidedAtMs }: PresenceInput, findings: Finding[]): void {
    if (rule.condition.type !== 'absence') return;
    const { id: device, jurisdiction } = message.device;
    const { receivedAtMs } = message;
    const before = (this.#subjects.get(device)?.states.get(rule.rule) as AbsenceState | undefined) ?? null;
    const now: Now = { position: positionOf(message), receivedAtMs };
    const { state, outcome } = judgePresence(rule.condition.silent_for_s, before, sign, now);
    if (state && state !== before) this.#keep(rule, device, state, message.device);
    if (!outcome) return;
    const finding = findingOf(rule, { device, jurisdiction }, outcome, 0);
    findings.push({ ...finding, deviceAtMs: null, receivedAtMs, decidedAtMs, data: {} });
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
    const restart = RESTARTS[message.topic];
    if (!restart) return;
    const now: Now = { position: positionOf(message), receivedAtMs: message.receivedAtMs };
    for (const [device, subject] of this.#subjects) {
      for (const [name, state] of subject.states) {
        const rule = this.#byName.get(name);
        const next = rule && restart(rule.condition, state, now);
        if (rule && next && next !== state) this.#keep(rule, device, next);
      }
    }
  }

  #forget(device: DeviceId): void {
    for (const name of this.#subjects.get(device)?.states.keys() ?? []) this.#timers.cancel(`${name}|${device}`);
    this.#subjects.delete(device);
    this.#changed.add(device);
  }

  #keep(rule: Rule, device: DeviceId, state: RuleState, identity?: { kind: string; jurisdiction: string }): void {
    let subject = this.#subjects.get(device);
    if (!subject && !identity) return;
    subject ??= { kind: identity?.kind ?? '', jurisdiction: identity?.jurisdiction ?? '', states: new Map() };
    const hasMoved = identity !== undefined && subject.jurisdiction !== identity.jurisdiction;
    if (identity) subject.jurisdiction = identity.jurisdiction;
    this.#subjects.set(device, subject);
    const before = subject.states.get(rule.rule);
    subject.states.set(rule.rule, state);
    this.#schedule(rule.rule, device, state);
    // A device that goes on reporting only pushes its clock ahead; the start record restarts it anyway.
    const onlyClock = before?.type === 'absence' && state.type === 'absence' && before.phase === state.phase;
    // Of a device that has moved, silence after the next start must be told to its new district.
    if (!onlyClock || hasMoved) this.#changed.add(device);
  }

  #schedule(name: string, device: DeviceId, state: RuleState): void {
    const key = `${name}|${device}`;
    if (state.dueAtMs === null) this.#timers.cancel(key);
    else this.#timers.set(key, state.dueAtMs);
  }

  #stored(device: DeviceId): DeviceStates {
    const subject = this.#subjects.get(device);
    const states: StoredStates = {};
    for (const [name, state] of subject?.states ?? []) {
      states[name] = { version: this.#byName.get(name)?.version ?? 0, state };
    }
    return { device, kind: subject?.kind ?? '', jurisdiction: subject?.jurisdiction ?? '', states };
  }
}

function seenBy(state: RuleState): Finding['data'] {
  return state.type === 'threshold' ? state.seen : {};
}

interface PresenceInput {
  rule: Rule;
  message: Message;
  sign: Sign;
  decidedAtMs: number;
}

interface JudgeInput {
  rule: Rule;
  message: Message;
  record: DecodedRecord;
  decidedAtMs: number;
}

function positionOf(message: Message): Now['position'] {
  return { lane: message.lane, offset: message.offset };
}
