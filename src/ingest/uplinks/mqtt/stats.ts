import { plainMetrics } from '../../../core/mechanisms/plain-metrics.ts';
import type { Registry } from '../../../core/observe.ts';
import type { AckCounts } from '../common/ack-queue.ts';

/** Why a connection ended. */
export type CloseReason =
  | 'client'
  | 'gone'
  | 'malformed'
  | 'protocol'
  | 'topic'
  | 'alias'
  | 'identifiers'
  | 'size'
  | 'memory'
  | 'keepalive'
  | 'silent'
  | 'unread'
  | 'takeover'
  | 'rights'
  | 'qos'
  | 'refused'
  | 'rejected'
  | 'limit'
  | 'tls'
  | 'disconnected'
  | 'stop';

/** Plain numbers on the hot path; prom-client reads them only when somebody asks. */
export class MqttStats implements AckCounts {
  asked = 0;
  refused = 0;
  qos0Dropped = 0;
  received = [0, 0];
  acks = 0;
  commands = 0;
  commandsAcked = 0;
  rateHolds = 0;
  takeovers = 0;
  wills = 0;
  willsLost = 0;
  partialBytes = 0;
  readonly connects = new Map<string, number>();
  readonly closes = new Map<CloseReason, number>();

  connect(result: string): void {
    this.connects.set(result, (this.connects.get(result) ?? 0) + 1);
  }

  close(reason: CloseReason): void {
    this.closes.set(reason, (this.closes.get(reason) ?? 0) + 1);
  }
}

/** What only the listener knows. */
export interface MqttLevels {
  connections: number;
  sessions: number;
  queued: number;
  inflightBytes: number;
}

/** Registers the listener's metrics. None carries a device id: their number must not grow with the city. */
export function registerMetrics(registry: Registry, stats: MqttStats, levels: () => MqttLevels): void {
  const { gauge, counter, counters } = plainMetrics(registry, 'citywatch_mqtt_');
  gauge('connections', 'Open MQTT sockets.', () => levels().connections);
  gauge('sessions', 'Devices connected over MQTT.', () => levels().sessions);
  gauge('admission_waiting', 'CONNECTs waiting to be admitted.', () => levels().queued);
  gauge('inflight_bytes', 'Bytes of messages not yet durable.', () => levels().inflightBytes);
  gauge('inflight_messages', 'Messages handed to the journal and not settled.', () => stats.asked);
  gauge('partial_bytes', 'Bytes held for packets not completely arrived.', () => stats.partialBytes);
  counter('acks', 'PUBACKs sent.', () => stats.acks);
  counter('refused', 'Times the journal refused a message; its ack is held.', () => stats.refused);
  counter('qos0_dropped', 'QoS 0 messages dropped.', () => stats.qos0Dropped);
  counter('rate_holds', 'Times a device was slowed down for its rate.', () => stats.rateHolds);
  counter('takeovers', 'Sessions replaced by a newer one of their device.', () => stats.takeovers);
  counter('wills', 'Wills delivered.', () => stats.wills);
  counter('wills_lost', 'Wills given up.', () => stats.willsLost);
  counter('commands', 'Commands sent to devices.', () => stats.commands);
  counter('commands_acked', 'Commands that devices acknowledged.', () => stats.commandsAcked);
  counters('messages', 'Messages received.', 'qos', () => stats.received.entries());
  counters('connects', 'CONNECTs by outcome.', 'result', () => stats.connects);
  counters('closed', 'Ended connections by cause.', 'reason', () => stats.closes);
}
