import type { Clock } from '../../core/clock.ts';
import { Gauge, type Logger, type Observer } from '../../core/observe.ts';
import { clientOptions, type MqttClient, openWith } from './mqtt-external-link.ts';
import type { ExternalMqttOptions } from './mqtt-external-options.ts';

export interface ShareMembersDeps {
  clock: Clock;
  observer: Observer;
  /** Whether this member takes messages from the broker at the moment. */
  isSubscribed(): boolean;
  /** Called when others become absent or come back. */
  changed(absent: string[]): void;
}

export interface ShareMembersOptions {
  /** The broker, as for the messages themselves. */
  broker: ExternalMqttOptions;
  group: string;
  self: string;
  /** Every member of the group, this one too. */
  members: readonly string[];
  /** How long a member may be away before it counts as absent: a restart is no alarm. */
  absentAfterMs: number;
}

const LOOK_EVERY_MS = 500;
/** Whoever may publish there could fill the log. */
const STRANGERS_EVERY_MS = 60_000;
const UP = '1';
const AWAY = '0';

/**
 * Watches the other members of a shared subscription. A broker goes on dealing messages to a member that is gone, for
 * as long as it keeps its session, and nobody else gets those: so each member says by a retained message, and by its
 * will, whether it is there, and every other one tells when it is not. It has a connection of its own, whose will is
 * published the moment it breaks.
 */
export class ShareMembers {
  readonly #deps: ShareMembersDeps;
  readonly #options: ShareMembersOptions;
  readonly #log: Logger;
  #client: MqttClient | null = null;
  /** Since when a member is away, by our clock; null while it is there. */
  readonly #awaySinceMs = new Map<string, number | null>();
  /** Cannot be told while we hear nothing ourselves. */
  #hears = false;
  #said: string | null = null;
  /** Null until it can be told of each: an alert of an earlier life may have to end. */
  #absent: string[] | null = null;
  #strangerAtMs = Number.NEGATIVE_INFINITY;
  #stopTimer: () => void = () => {};

  constructor(deps: ShareMembersDeps, options: ShareMembersOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#log = deps.observer.log.child({ part: 'mqtt members' });
  }

  start(): void {
    const { clock, observer } = this.#deps;
    const { group, self, members, broker } = this.#options;
    const count = () => this.absent.length;
    new Gauge({
      name: 'citywatch_mqtt_broker_members_absent',
      help: 'Members of the shared subscription that are away; what the broker deals to them waits.',
      registers: [observer.metrics],
      collect() {
        this.set(count());
      },
    });
    for (const member of members) if (member !== self) this.#awaySinceMs.set(member, clock.monotonicMs());
    const options = clientOptions({ ...broker, clientId: `${broker.clientId}-presence` });
    const will = { topic: this.#topic(self), payload: Buffer.from(AWAY), qos: 1 as const, retain: true };
    const client = openWith({ ...options, clean: true, properties: {}, will });
    this.#client = client;
    client.on('connect', () => this.#connected(client, group));
    client.on('message', (topic, payload) => this.#heard(topic, payload));
    client.on('close', () => {
      this.#hears = false;
      this.#said = null;
    });
    // The connection for messages reports what is wrong with the broker.
    client.on('error', () => {});
    this.#stopTimer = clock.every(LOOK_EVERY_MS, () => this.#look());
  }

  /** Members that are away longer than a restart takes, and that a person must bring back or take off the list. */
  get absent(): readonly string[] {
    return this.#absent ?? [];
  }

  async stop(): Promise<void> {
    this.#stopTimer();
    const client = this.#client;
    this.#client = null;
    if (!client) return;
    if (client.connected) this.#say(client, AWAY);
    await new Promise<void>((resolve) => {
      const cut = this.#deps.clock.after(1_000, () => client.stream.destroy());
      client.end(!client.connected, {}, () => {
        cut();
        resolve();
      });
    });
  }

  #topic(member: string): string {
    return `cw/members/${this.#options.group}/${member}`;
  }

  #connected(client: MqttClient, group: string): void {
    const nowMs = this.#deps.clock.monotonicMs();
    // Nothing was heard for a while: those away get their time anew.
    for (const [member, sinceMs] of this.#awaySinceMs) if (sinceMs !== null) this.#awaySinceMs.set(member, nowMs);
    client.subscribe(`cw/members/${group}/+`, { qos: 1 }, (error, granted) => {
      this.#hears = !error && granted?.every(({ qos }) => qos < 128) === true;
      if (!this.#hears && client.connected) {
        this.#log.error('the broker lets us not read cw/members/#: whether others are absent cannot be told');
      }
    });
  }

  #heard(topic: string, payload: Buffer): void {
    const member = topic.slice(this.#topic('').length);
    if (member === this.#options.self) return;
    if (!this.#awaySinceMs.has(member)) {
      const nowMs = this.#deps.clock.monotonicMs();
      if (nowMs - this.#strangerAtMs < STRANGERS_EVERY_MS) return;
      this.#strangerAtMs = nowMs;
      // A topic is as long as the broker lets it be.
      this.#log.warn({ member: member.slice(0, 64) }, 'a member that is not listed takes part of the messages');
      return;
    }
    const isUp = payload.toString('latin1') === UP;
    const before = this.#awaySinceMs.get(member) ?? null;
    this.#awaySinceMs.set(member, isUp ? null : (before ?? this.#deps.clock.monotonicMs()));
  }

  #look(): void {
    const client = this.#client;
    if (!client?.connected) return;
    this.#say(client, this.#deps.isSubscribed() ? UP : AWAY);
    if (!this.#hears) return;
    const { absentAfterMs } = this.#options;
    const nowMs = this.#deps.clock.monotonicMs();
    const absent = [...this.#awaySinceMs]
      .filter(([, sinceMs]) => sinceMs !== null && nowMs - sinceMs >= absentAfterMs)
      .map(([member]) => member);
    const away = [...this.#awaySinceMs.values()].filter((sinceMs) => sinceMs !== null);
    if (this.#absent === null && away.length > absent.length) return;
    if (absent.join() === this.#absent?.join()) return;
    this.#absent = absent;
    if (absent.length > 0) this.#log.error({ absent }, 'members of the shared subscription are absent');
    else this.#log.info('every member of the shared subscription is there');
    this.#deps.changed(absent);
  }

  #say(client: MqttClient, word: typeof UP | typeof AWAY): void {
    if (this.#said === word) return;
    this.#said = word;
    client.publish(this.#topic(this.#options.self), word, { qos: 1, retain: true }, () => {});
  }
}
