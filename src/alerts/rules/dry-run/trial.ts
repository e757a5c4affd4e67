import { HOUR_MS } from '../../../core/clock.ts';
import { isInternal } from '../../../core/internal-records.ts';
import type { DecodedMessage, DeviceId } from '../../../core/types.ts';
import { type Subject, subjectText } from '../conditions/subject.ts';
import { type DevicesPort, RulesEngine, type Watch } from '../engine.ts';
import { dedupKey, type Finding } from '../findings.ts';
import type { Rule } from '../rules.ts';
import type { RecordedCounts } from './recorded-source.ts';

/** One alert that a rule would have raised. Times are those of receipt, Unix ms. */
export interface TriedAlert {
  subject: Subject;
  jurisdiction: string;
  firedAtMs: number;
  /** Null for one that never cleared. */
  clearedAtMs: number | null;
  /** How often it fired before it cleared. */
  times: number;
}

/** What one version of the rule made of the stretch. */
export interface SideCounts {
  version: number;
  alerts: number;
  /** Different subjects among them. */
  subjects: number;
}

export interface TrialAnswer {
  /** Of receipt: what the journal or the file had of the stretch that was asked for; null where it had nothing. */
  fromMs: number | null;
  toMs: number | null;
  /** Messages of devices of the rule's kinds that were judged, and how many different devices sent them. */
  messages: number;
  devices: number;
  draft: SideCounts;
  /** Null where no rule of this name is in force. */
  inForce: SideCounts | null;
  /** Alerts that both raise and clear at the same moments. */
  same: number;
  onlyDraft: TriedAlert[];
  onlyInForce: TriedAlert[];
  /** Both raise it at the same moment and clear it at different ones; as the draft has it. */
  clearedOtherwise: TriedAlert[];
  /** Of the three lists, how many are left out of each for want of room. */
  leftOut: number;
  /** Why it ended before the stretch did. */
  stopped: 'too-many-alerts' | null;
  /** What whoever puts the draft in force should think about first. */
  warnings: TrialWarning[];
  /** Of a recorded file: what became of its lines; absent where what was received was judged. */
  recording?: RecordedCounts;
}

export const TRIAL_WARNINGS = [
  'fires-for-nearly-every-device',
  'raises-a-flood',
  'too-many-alerts',
  'watchlists-not-asked',
] as const;
export type TrialWarning = (typeof TRIAL_WARNINGS)[number];

/** A rule that raises more in one run is wrong, and its alerts would fill the memory. */
const ALERTS_MAX = 20_000;
const SHOWN_MAX = 200;
/** Fewer devices may well all be on fire. */
const NEARLY_EVERY_MIN = 10;
const NEARLY_EVERY_SHARE = 0.8;
/** More than one desk can look at. */
const FLOOD_PER_HOUR = 120;

export interface TrialInput {
  draft: Rule;
  inForce: Rule | null;
  watch: Watch;
  devices: DevicesPort;
}

/**
 * Judges what was received by a draft and by the rule of the same name that is in force, each from nothing, and
 * compares what they would have raised. Nothing of it is kept anywhere else. The same messages give the same answer.
 */
export class Trial {
  readonly #draft: Side;
  readonly #inForce: Side | null;
  readonly #devices = new Set<DeviceId>();
  readonly #kinds: ReadonlySet<string>;
  #messages = 0;
  #fromMs: number | null = null;
  #toMs: number | null = null;

  constructor({ draft, inForce, watch, devices }: TrialInput) {
    this.#draft = new Side(draft, watch, devices);
    this.#inForce = inForce && new Side(inForce, watch, devices);
    this.#kinds = new Set([...draft.kinds, ...(inForce?.kinds ?? [])]);
  }

  /** Kinds of devices whose messages are asked for. */
  get kinds(): ReadonlySet<string> {
    return this.#kinds;
  }

  /** Whether it is of use to go on. */
  get isFull(): boolean {
    return this.#draft.isFull || this.#inForce?.isFull === true;
  }

  judge(decoded: DecodedMessage): void {
    const { message } = decoded;
    const { receivedAtMs, device } = message;
    this.#fromMs ??= receivedAtMs;
    this.#toMs = Math.max(this.#toMs ?? receivedAtMs, receivedAtMs);
    if (this.#kinds.has(device.kind) && !isInternal(message)) {
      this.#messages += 1;
      this.#devices.add(device.id);
    }
    this.#draft.judge(decoded);
    this.#inForce?.judge(decoded);
  }

  /** To be asked for once, at the end: clocks that are due by then run out. */
  answer(): TrialAnswer {
    for (const side of [this.#draft, this.#inForce]) if (this.#toMs !== null) side?.advanceTo(this.#toMs);
    const compared = compare(this.#draft.alerts, this.#inForce?.alerts ?? []);
    const stopped = this.isFull ? 'too-many-alerts' : null;
    return {
      fromMs: this.#fromMs,
      toMs: this.#toMs,
      messages: this.#messages,
      devices: this.#devices.size,
      draft: this.#draft.counts(),
      inForce: this.#inForce?.counts() ?? null,
      ...compared,
      stopped,
      warnings: this.#warnings(),
    };
  }

  #warnings(): TrialWarning[] {
    const { alerts, subjects } = this.#draft.counts();
    const hours = Math.max(1, ((this.#toMs ?? 0) - (this.#fromMs ?? 0)) / HOUR_MS);
    const seen = this.#devices.size;
    const warnings: TrialWarning[] = [];
    if (seen >= NEARLY_EVERY_MIN && subjects >= seen * NEARLY_EVERY_SHARE) {
      warnings.push('fires-for-nearly-every-device');
    }
    if (alerts / hours > FLOOD_PER_HOUR) warnings.push('raises-a-flood');
    if (this.#draft.isFull) warnings.push('too-many-alerts');
    return warnings;
  }
}

interface Raised extends TriedAlert {
  /** What alerts are merged by. */
  key: string;
}

/** One rule with an engine of its own. */
class Side {
  readonly alerts: Raised[] = [];
  readonly #rule: Rule;
  readonly #engine: RulesEngine;
  readonly #open = new Map<string, Raised>();

  constructor(rule: Rule, watch: Watch, devices: DevicesPort) {
    this.#rule = rule;
    this.#engine = new RulesEngine([rule], watch, devices);
  }

  get isFull(): boolean {
    return this.alerts.length >= ALERTS_MAX;
  }

  judge(decoded: DecodedMessage): void {
    for (const finding of this.#engine.judge(decoded, decoded.message.receivedAtMs)) this.#take(finding);
    // What changed is of no use to anybody, and would be kept until it is taken.
    this.#engine.takeChanged();
  }

  advanceTo(atMs: number): void {
    for (const finding of this.#engine.advanceTo(atMs, atMs)) this.#take(finding);
  }

  counts(): SideCounts {
    const subjects = new Set(this.alerts.map(({ subject }) => subjectText(subject)));
    return { version: this.#rule.version, alerts: this.alerts.length, subjects: subjects.size };
  }

  #take(finding: Finding): void {
    const key = dedupKey(finding);
    const open = this.#open.get(key);
    if (finding.transition === 'cleared') {
      if (open) open.clearedAtMs = finding.receivedAtMs;
      this.#open.delete(key);
      return;
    }
    // Nobody knows whether it lasts: that is no end, and no alert more.
    if (finding.transition === 'stale') return;
    if (open) {
      open.times += 1;
      return;
    }
    if (this.isFull) return;
    const { subject, jurisdiction, receivedAtMs: firedAtMs } = finding;
    const raised = { key, subject, jurisdiction, firedAtMs, clearedAtMs: null, times: 1 };
    this.alerts.push(raised);
    // What is over as soon as it is told is a new alert the next time, once somebody has closed it.
    if (this.#rule.by.lasts(this.#rule.condition)) this.#open.set(key, raised);
  }
}

type Compared = Pick<TrialAnswer, 'same' | 'onlyDraft' | 'onlyInForce' | 'clearedOtherwise' | 'leftOut'>;

function compare(draft: readonly Raised[], inForce: readonly Raised[]): Compared {
  const then = new Map(inForce.map((alert) => [`${alert.firedAtMs} ${alert.key}`, alert]));
  const onlyDraft: Raised[] = [];
  const clearedOtherwise: Raised[] = [];
  let same = 0;
  for (const alert of draft) {
    const place = `${alert.firedAtMs} ${alert.key}`;
    const other = then.get(place);
    then.delete(place);
    if (!other) onlyDraft.push(alert);
    else if (other.clearedAtMs !== alert.clearedAtMs) clearedOtherwise.push(alert);
    else same += 1;
  }
  const lists = { onlyDraft, onlyInForce: [...then.values()], clearedOtherwise };
  const leftOut = Object.values(lists).reduce((sum, list) => sum + Math.max(0, list.length - SHOWN_MAX), 0);
  const shown = (list: readonly Raised[]): TriedAlert[] =>
    list.slice(0, SHOWN_MAX).map(({ key: _, ...alert }) => alert);
  return {
    same,
    onlyDraft: shown(lists.onlyDraft),
    onlyInForce: shown(lists.onlyInForce),
    clearedOtherwise: shown(lists.clearedOtherwise),
    leftOut,
  };
}
