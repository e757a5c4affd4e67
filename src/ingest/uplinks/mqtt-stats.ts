import { Counter, Gauge, type Registry } from '../../core/observe.ts';
import type { AckCounts } from './mqtt-ack-queue.ts';

/** Why a connection ended. */
export type CloseReason =
  | 'client'
  | 'gone'
  | 'malformed'
  | 'protocol'
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
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  const counter = (name: string, help: string, value: () => number) =>
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  const labelled = (name: string, help: string, label: string, values: () => Iterable<[string | number, number]>) =>
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset();
        for (const [key, value] of values()) this.inc({ [label]: key }, value);
      },
    });
  gauge('citywatch_mqtt_connections', 'Open MQTT sockets.', () => levels().connections);
  gauge('citywatch_mqtt_sessions', 'Devices connected over MQTT.', () => levels().sessions);
  gauge('citywatch_mqtt_admission_waiting', 'CONNECTs waiting to be admitted.', () => levels().queued);
  gauge('citywatch_mqtt_inflight_bytes', 'Bytes of messages not yet durable.', () => levels().inflightBytes);
  gauge('citywatch_mqtt_inflight_messages', 'Messages handed to the journal and not settled.', () => stats.asked);
  gauge('citywatch_mqtt_partial_bytes', 'Bytes held for packets not completely arrived.', () => stats.partialBytes);
  counter('citywatch_mqtt_acks_total', 'PUBACKs sent.', () => stats.acks);
  counter('citywatch_mqtt_refused_total', 'Times the journal refused a message; its ack is held.', () => stats.refused);
  counter('citywatch_mqtt_qos0_dropped_total', 'QoS 0 messages dropped.', () => stats.qos0Dropped);
  counter('citywatch_mqtt_rate_holds_total', 'Times a device was slowed down for its rate.', () => stats.rateHolds);
  counter('citywatch_mqtt_takeovers_total', 'Sessions replaced by a newer one of their device.', () => stats.takeovers);
  counter('citywatch_mqtt_wills_total', 'Wills delivered.', () => stats.wills);
  counter('citywatch_mqtt_wills_lost_total', 'Wills given up.', () => stats.willsLost);
  counter('citywatch_mqtt_commands_total', 'Commands sent to devices.', () => stats.commands);
  counter('citywatch_mqtt_commands_acked_total', 'Commands that devices acknowledged.', () => stats.commandsAcked);
  labelled('citywatch_mqtt_messages_total', 'Messages received.', 'qos', () => stats.received.entries());
  labelled('citywatch_mqtt_connects_total', 'CONNECTs by outcome.', 'result', () => stats.connects);
  labelled('citywatch_mqtt_closed_total', 'Ended connections by cause.', 'reason', () => stats.closes);
}
