import { plainMetrics } from '../../../core/mechanisms/plain-metrics.ts';
import type { Registry } from '../../../core/observe.ts';
import type { AckCounts } from '../common/ack-queue.ts';

/** Why a message was acknowledged and not kept: a broker resends what is not, and everything behind would wait. */
export type BrokerRefusal = 'unknown-device' | 'topic' | 'too-large' | 'rejected';

/** Plain numbers on the hot path; prom-client reads them only when somebody asks. */
export class BrokerStats implements AckCounts {
  asked = 0;
  refused = 0;
  qos0Dropped = 0;
  received = 0;
  acks = 0;
  connects = 0;
  sessionsLost = 0;
  readingStops = 0;
  readonly refusals = new Map<BrokerRefusal, number>();

  refuse(reason: BrokerRefusal): void {
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
  }
}

export interface BrokerStatus {
  /** Connected and subscribed. */
  ok: boolean;
  /** Why not, for a person. */
  reason: string | null;
  unacked: number;
  sessionsLost: number;
}

export interface BrokerLevels {
  connected: boolean;
  unacked: number;
}

/** Registers the metrics of the external broker. None carries a device id. */
export function registerBrokerMetrics(registry: Registry, stats: BrokerStats, levels: () => BrokerLevels): void {
  const { gauge, counter, counters } = plainMetrics(registry, 'citywatch_mqtt_broker_');
  gauge('connected', '1 while subscribed at the MQTT broker.', () => Number(levels().connected));
  gauge('unacked_messages', 'Messages of the broker that are not acknowledged yet.', () => levels().unacked);
  counter('connects', 'Connections made to the broker.', () => stats.connects);
  counter('sessions_lost', 'Times the broker had forgotten our session.', () => stats.sessionsLost);
  counter('messages', 'Messages received from the broker.', () => stats.received);
  counter('acks', 'PUBACKs sent to the broker.', () => stats.acks);
  counter('held', 'Times the journal refused a message; its ack is held.', () => stats.refused);
  counter('qos0_dropped', 'QoS 0 messages dropped because the journal took nothing.', () => stats.qos0Dropped);
  counter('reading_stops', 'Times the broker sent more than it may and reading stopped.', () => stats.readingStops);
  counters('refused', 'Messages acknowledged and not kept, by reason.', 'reason', () => stats.refusals);
}
