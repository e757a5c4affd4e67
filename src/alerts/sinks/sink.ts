import type { z } from 'zod';
import type { Clock } from '../../core/clock.ts';
import type { Point } from '../../core/registry/geometry.ts';
import type { Remark } from '../../core/setup/remarks.ts';
import type { Setting, ValuesOf } from '../../core/setup/setting.ts';
import type { Outbound, Reach } from '../../platform/outbound/outbound.ts';

/** Fields of a target by name, as a sink's schema gives them out. */
export type TargetFields = Readonly<Record<string, unknown>>;

/** Where a subscription's entries go. */
export interface Destination<Target extends TargetFields = TargetFields> {
  /** The target without its secret fields. */
  readonly target: Target;
  /** Of each secret field the values in use, newest first; two while one is being replaced. */
  readonly secrets: Readonly<Record<string, readonly string[]>>;
}

/** One entry of the log of alerts on its way to one subscription. All of it is the same in every try. */
export interface SinkEntry {
  /** Of this entry for this subscription: whoever takes it makes the effect of one id happen once. */
  readonly id: string;
  /** Id of the entry in the log. */
  readonly event: string;
  /** What happened, such as `alert.opened`. */
  readonly type: string;
  /** When, RFC 3339. */
  readonly at: string;
  /** The alert as it stood then, as the API shows it. */
  readonly alert: Readonly<Record<string, unknown>>;
  /** Entries of this alert that the subscription was delivered before, oldest first; for sinks that ask for them. */
  readonly earlier?: readonly EarlierEntry[];
}

export interface EarlierEntry {
  readonly event: string;
  readonly type: string;
  readonly at: string;
}

/** A look whether a target takes anything. */
export interface SinkProbe {
  readonly id: string;
  readonly at: string;
}

/**
 * What came of one try. `reason` is one sentence for people: no secret, and no text of the other side. `status` is a
 * number of the sink's own protocol, such as that of HTTP; null where it has none.
 */
export type SendResult =
  | {
      readonly outcome: 'taken';
      readonly status: number | null;
      /** The number of a case that the other side made of it. */
      readonly caseNumber?: string;
    }
  | {
      readonly outcome: 'failed';
      readonly status: number | null;
      readonly reason: string;
      /** Whether trying again may help; where not, the entry is a dead letter at once. */
      readonly retryable: boolean;
      /** How long the other side asked to be left alone. */
      readonly retryAfterMs: number | null;
    }
  /** The target says that it will never take anything again: the subscription ends. */
  | { readonly outcome: 'gone'; readonly status: number | null; readonly reason: string };

/** What is seen from outside of how a receiver treats one message. */
export interface ReceiverCheck {
  readonly name: 'taken' | 'again' | 'wrong-signature' | 'no-signature' | 'changed-body' | 'old-timestamp';
  readonly verdict: 'passed' | 'failed' | 'unclear';
  /** Of its answer; null where none came. */
  readonly status: number | null;
  /** What that means, and what to do about it: one line for people, without a word of the other side. */
  readonly says: string;
}

/** A try ends within this, whatever the other side does. */
export const SEND_DEADLINE_MS = 10_000;

/**
 * A way on which alerts leave the house. It knows one protocol, and nothing of retries, order, breakers and dead
 * letters: those are the same for all (src/alerts/route). `docs/sinks-and-stages.md` shows how to add one, and
 * `test/support/alerts/sink-conformance.ts` says what each must do.
 */
export interface Sink<Target extends TargetFields = TargetFields> {
  /** Its name in `POST /subscriptions` and in the database. Never changes. Secrets are sealed for it. */
  readonly type: string;
  /** What a subscription says of its target, secret fields included. Each message says what would be right. */
  readonly schema: z.ZodObject;
  /** Fields of the schema, all texts, that are kept sealed and never shown. */
  readonly secretFields: readonly string[];
  /** The secret field that is made here where it was left out; the answer that made the subscription shows it, once. */
  readonly ownSecret: { readonly field: string; make(): string } | null;
  /** Whether its messages name those before them. */
  readonly wantsEarlier?: boolean;
  /** Refuses, by a {@link CitywatchError}, a target that may not be contacted. */
  check(target: Target): Promise<void>;
  /**
   * Destinations of one key are taken to fail and to come back together. It holds all by which their answers may
   * differ, the secrets too, or somebody with a wrong one could hold up the deliveries of others. It is never shown.
   */
  endpoint(to: Destination<Target>): string;
  /** One try; rejects never, and ends within {@link SEND_DEADLINE_MS}. */
  send(entry: SinkEntry, to: Destination<Target>): Promise<SendResult>;
  /** Sends something that has no effect, so that people see whether the target takes it. */
  test(probe: SinkProbe, to: Destination<Target>): Promise<SendResult>;
  /** How the other side treats what is repeated, forged or old; absent where the protocol has no such thing. */
  judge?(probe: SinkProbe, to: Destination<Target>): Promise<ReceiverCheck[]>;
}

/** What a sink may use. */
export interface SinkDeps {
  clock: Clock;
  /** The one way out over HTTP: contacts only allowed networks and follows no redirect. */
  outbound: Pick<Outbound, 'http' | 'check'>;
  /** The only networks that webhooks may go to: CITYWATCH_WEBHOOK_NETWORKS, which is older than settings of sinks. */
  webhooks: Reach;
  /** What people call a district; null where its code is not known. */
  nameOfDistrict?(code: string): string | null;
  /** Where a district lies; null where nobody has drawn it. */
  boundsOf?(code: string): readonly Point[] | null;
}

/** Settings of a sink; the key of one in the file is `sinks.<type of the sink>.<its name here>`. */
export type SinkSettings = Readonly<Record<string, Setting<unknown>>>;

/** What a sink may use to look at its surroundings. */
export interface SinkLook {
  signal: AbortSignal;
}

/** A kind of sink by itself, without a gateway, so that settings and doctor know a sink that is not open. */
export interface SinkType<Type extends string = string, Settings extends SinkSettings = SinkSettings> {
  /** That of its {@link Sink}. */
  readonly type: Type;
  readonly settings: Settings;
  /** What doctor finds of its surroundings (a server it hands mail to). Sends nothing, and ends with `signal`. */
  check(settings: ValuesOf<Settings>, look: SinkLook): Promise<Remark[]>;
  /** Makes it. Contacts nobody. */
  open(settings: ValuesOf<Settings>, deps: SinkDeps): Sink;
}

export type Sinks = ReadonlyMap<string, Sink>;
