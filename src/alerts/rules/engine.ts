import { INTERNAL_RECORDS, isInternal } from '../../core/internal-records.ts';
import type { DecodedMessage, DecodedRecord, Message } from '../../core/types.ts';
import {
  type ConditionState,
  type Input,
  type Judgement,
  positionOf,
  type Restart,
  type Step,
  settled,
  signOf,
  type Watch,
} from './conditions/condition.ts';
import { deviceIn, subjectOf, subjectText } from './conditions/subject.ts';
import type { DevicesPort } from './devices-port.ts';
import type { Finding } from './findings.ts';
import { type Heard, type Judged, placeOf, type Told, tell, toldOf } from './judging/judged.ts';
import { type RulesOfKind, rulesOfKinds } from './judging/rules-of-kinds.ts';
import { Beliefs } from './memory/beliefs.ts';
import { type Place, RuleMemory, type StateName } from './memory/memory.ts';
import { ofStateKey, partOf, type SubjectStates, stateKey } from './memory/remembered.ts';
import { type About, isLimited, type Labels, reaches, settingsFor } from './reach.ts';
import { RESTARTS } from './restarts.ts';
import type { Rule } from './rules.ts';

export type { Watch } from './conditions/condition.ts';
export type { DevicesPort } from './devices-port.ts';
export type { StoredStates, SubjectStates } from './memory/remembered.ts';

/**
 * Judges every message in journal order. Holds the state of all rules in memory; the reader stores what changed
 * together with its cursor. The cost of a message depends on the rules of its kind, never on the number of devices.
 * What a rule says is its condition's matter: nothing here knows one condition from another.
 */
export class RulesEngine {
  #byKind = new Map<string, RulesOfKind>();
  #byName = new Map<string, Rule>();
  readonly #memory = new RuleMemory();
  readonly #beliefs: Beliefs;
  readonly #watch: Watch;
  readonly #devices: DevicesPort;

  constructor(rules: readonly Rule[], watch: Watch, devices: DevicesPort) {
    this.#watch = watch;
    this.#devices = devices;
    this.#beliefs = new Beliefs(this.#memory, devices);
    this.#take(rules);
  }

  /** Takes up stored states; those of another version of their rule, or of another condition, start afresh. */
  load(stored: Iterable<SubjectStates>): void {
    for (const { subject, kind, jurisdiction, states } of stored) {
      const text = subjectText(subject);
      if (this.#isRetired(text)) {
        this.#memory.forget(text);
        continue;
      }
      const remembered = this.#memory.begun({ kind, jurisdiction });
      for (const [key, { version, state, raised }] of Object.entries(states)) {
        const rule = this.#byName.get(ofStateKey(key).rule);
        if (rule?.version !== version || (state && rule.condition.type !== state.type)) continue;
        if (state) remembered.states.set(key, { ...state });
        if (raised) remembered.raised.set(key, raised);
        // Run on from where it was stored, a clock of silence would report every subject as silent.
        if (state && rule.by.clock === 'duration') this.#memory.schedule('condition', { key, text }, state.dueAtMs);
        if (raised) this.#memory.schedule('raised', { key, text }, raised.untilMs);
      }
      this.#memory.put(text, remembered);
    }
  }

  /**
   * Puts these rules in force. A rule of the same name and version keeps its states and clocks; those of a rule that is
   * gone, or has another version, are dropped. Takes time with the number of subjects; for a rare act.
   */
  replace(rules: readonly Rule[]): void {
    const before = this.#byName;
    this.#take(rules);
    const kept = [...before.values()].filter(({ rule, version }) => this.#byName.get(rule)?.version === version);
    const names = new Set(kept.map(({ rule }) => rule));
    for (const [text, { states, raised }] of this.#memory.all()) {
      for (const key of [...states.keys(), ...raised.keys()]) {
        if (!names.has(ofStateKey(key).rule)) this.#memory.drop({ key, text });
      }
    }
  }

  #take(rules: readonly Rule[]): void {
    this.#byName = new Map(rules.map((rule) => [rule.rule, rule]));
    this.#byKind = rulesOfKinds(rules);
  }

  /** Subjects whose states changed since the last call, with all their states; without states: forget the subject. */
  takeChanged(): SubjectStates[] {
    return this.#memory.takeChanged((rule) => this.#byName.get(rule)?.version ?? 0);
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
    const heard: Heard = { sign: signOf(decoded), about: null, decidedAtMs, findings };
    if (rules.message.length > 0) this.#judgeAll(rules.message, this.#input(message, null, heard), heard);
    for (const record of decoded.records) {
      if (record.duplicate || rules[record.type].length === 0) continue;
      this.#judgeAll(rules[record.type], this.#input(message, record, heard), heard);
    }
    return findings;
  }

  /** Lets every clock run out that is due at or before `nowMs`. */
  advanceTo(nowMs: number, decidedAtMs: number): Finding[] {
    const findings: Finding[] = [];
    // A clock that ran out may have started one that has run out, too.
    for (let due = this.#memory.due(nowMs); due.length > 0; due = this.#memory.due(nowMs)) {
      for (const one of due) this.#ranOut(one, decidedAtMs, findings);
    }
    return findings;
  }

  #ranOut(
    { name, key, text, dueAtMs }: ReturnType<RuleMemory['due']>[number],
    decidedAtMs: number,
    findings: Finding[],
  ): void {
    const { rule: ofRule, part } = ofStateKey(key);
    const rule = this.#byName.get(ofRule);
    const remembered = this.#memory.get(text);
    if (!rule || !remembered) return;
    const { kind, jurisdiction } = remembered;
    const state = remembered.states.get(key) ?? null;
    const settings = settingsFor(rule, { device: deviceIn(text), kind, jurisdiction, labels: this.#labelsIn(text) });
    const told = { rule, settings, subject: subjectOf(text), part, jurisdiction, receivedAtMs: dueAtMs, decidedAtMs };
    if (name === 'raised') {
      const raised = remembered.raised.get(key);
      if (raised?.untilMs == null) return;
      this.#memory.raise({ key, text }, { ...raised, untilMs: null, stale: true });
      const reason = rule.by.ages?.(settings) === 'unended' ? 'never-ended' : 'input-lost';
      const judgement: Judgement = { transition: 'stale', position: raised.position };
      tell({ ...told, index: 'stale', state, from: 'timer' }, [judgement], findings, { reason });
      return;
    }
    if (!state || state.dueAtMs === null) return;
    // Also where the journal had no room for the record that says so.
    if (rule.by.clock === 'silence' && this.#isRetired(text)) {
      this.#memory.forget(text);
      return;
    }
    const step = rule.by.timer(settings, state);
    this.#keep(rule, { key, text }, step.state ?? state);
    const believed = { rule, settings, kind, name: { key, text }, told: jurisdiction };
    this.#beliefs.note(believed, step.judgements, dueAtMs);
    tell({ ...told, index: 'timer', state, from: 'timer' }, step.judgements, findings);
  }

  #input(message: Message, record: DecodedRecord | null, { sign }: Heard): Input {
    return { message, record, sign, watch: this.#watch, devices: this.#devices };
  }

  #judgeAll(rules: readonly Rule[], input: Input, heard: Heard): void {
    const part = partOf(input.record);
    for (const rule of rules) this.#judge(rule, input, heard, rule.by.byPart ? part : '');
  }

  /** Once for each reading and rule: makes nothing that is not needed, and most readings raise nothing. */
  #judge(rule: Rule, input: Input, heard: Heard, part: string): void {
    const { message } = input;
    const isChosen = rule.variants.length > 0 || isLimited(rule);
    if (isChosen) heard.about ??= this.#about(message);
    const about = isChosen ? heard.about : null;
    const settings = about ? settingsFor(rule, about) : rule.condition;
    const subject = rule.by.subject(settings, input);
    if (!subject) return;
    const text = subjectText(subject);
    const key = stateKey(rule.rule, part);
    const remembered = this.#memory.get(text);
    const state = remembered?.states.get(key) ?? null;
    const raised = remembered?.raised.get(key);
    if (about && !reaches(rule, about)) {
      this.#leave({ rule, settings, subject, part, name: { key, text }, raised }, state, input, heard);
      return;
    }
    const before = state ?? rule.by.initial(settings);
    const judgedAs = rule.by.judge(settings, before, input);
    const step = state?.dueAtMs === null ? judgedAs : settled(judgedAs);
    // A clock that runs is set again by whoever keeps the state.
    if (step.lastAtMs !== undefined && state?.dueAtMs === null) {
      this.#memory.note(text, state, step.lastAtMs, placeOf(subject, message));
    } else if (step.state !== null && step.state !== before) {
      this.#keep(rule, { key, text }, step.state, placeOf(subject, message));
    }
    if (!raised && step.judgements.length === 0) return;
    this.#decided({ rule, settings, subject, part, name: { key, text }, raised }, step, input, heard);
  }

  /** Something was raised, or is raised now. */
  #decided(judged: Judged, step: Step<ConditionState>, input: Input, heard: Heard): void {
    const { rule, settings, subject, name, raised } = judged;
    const { message, record } = input;
    const place = placeOf(subject, message);
    const confirmed = raised && step.judgements.length === 0 && this.#beliefs.confirms(rule, settings, input);
    const isNews = confirmed && (raised.stale === true || isElsewhere(judged, message));
    const judgements = isNews ? [firedAt(message)] : step.judgements;
    const position = confirmed ? positionOf(message) : null;
    const { kind, jurisdiction: told } = place;
    const believed = { rule, settings, kind, name, place, told, confirmed: position };
    this.#beliefs.note(believed, judgements, message.receivedAtMs);
    tell({ ...toldOf(judged, input, heard), state: step.state, index: record?.index ?? 0 }, judgements, heard.findings);
  }

  /** A device that the rule looks at no more: what was raised of it, nobody judges any longer. */
  #leave(judged: Judged, state: ConditionState | null, input: Input, heard: Heard): void {
    const { name, raised } = judged;
    if (!this.#memory.drop(name) || !raised || raised.stale) return;
    const judgement: Judgement = { transition: 'stale', position: positionOf(input.message) };
    const told: Told = { ...toldOf(judged, input, heard), state, index: 'stale' };
    tell(told, [judgement], heard.findings, { reason: 'out-of-reach' });
  }

  /** Handles the journal's own records; returns whether the record was one of them. */
  #internal(message: Message): boolean {
    switch (message.topic) {
      case INTERNAL_RECORDS.registered.topic:
        // No clock begins: a device that was never heard of is a matter of who installs it, not of the command centre.
        return true;
      case INTERNAL_RECORDS.retired.topic:
        this.#memory.forget(message.device.id);
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
    for (const [text, { states, raised, kind, jurisdiction }] of this.#memory.all()) {
      const about = { device: deviceIn(text), kind, jurisdiction, labels: this.#labelsIn(text) };
      for (const [key, state] of states) {
        const rule = this.#byName.get(ofStateKey(key).rule);
        const next = rule?.by.restart(settingsFor(rule, about), state, restart);
        if (rule && next && next !== state) this.#keep(rule, { key, text }, next);
      }
      for (const [key, { position, untilMs, told }] of raised) {
        const rule = this.#byName.get(ofStateKey(key).rule);
        if (!rule || untilMs === null) continue;
        const settings = settingsFor(rule, about);
        // To know that nothing ended it nobody has to be heard: started anew each day, it would be kept for ever.
        if (cause === 'start' && rule.by.ages?.(settings) === 'unended') continue;
        const believed = { rule, settings, kind, name: { key, text }, told, confirmed: position };
        this.#beliefs.note(believed, [], restart.receivedAtMs);
      }
    }
  }

  /** A device that goes on reporting only pushes a clock of silence ahead; the start record restarts it anyway. */
  #keep(rule: Rule, name: StateName, state: ConditionState, place?: Place): void {
    this.#memory.keep(name, state, place, rule.by.clock === 'silence');
  }

  #about({ device: { id, kind, jurisdiction } }: Message): About {
    return { device: id, kind, jurisdiction, labels: this.#devices.labelsOf(id) };
  }

  #labelsIn(text: string): Labels | undefined {
    const device = deviceIn(text);
    return device === null ? undefined : this.#devices.labelsOf(device);
  }

  #isRetired(text: string): boolean {
    const device = deviceIn(text);
    return device !== null && this.#devices.isRetired(device);
  }
}

/**
 * Whether a device has moved to another area since what it still says was told: its alert stays where it was opened, so
 * whose it is now was never told. A subject of several devices is where each of them is, and does not move.
 */
function isElsewhere({ subject, raised }: Judged, { device }: Message): boolean {
  const isItself = subject.type === 'device' && subject.id === device.id;
  return isItself && raised?.told !== undefined && raised.told !== device.jurisdiction;
}

function firedAt(message: Message): Judgement {
  return { transition: 'fired', position: positionOf(message) };
}
