import { counterNamed, gaugeNamed, histogramNamed, type Registry } from '../../core/observe.ts';
import type { Lane } from '../../core/types.ts';

/** What one lane reports. The metrics are shared by the lanes, which differ in the label `lane`. */
export interface JournalMetrics {
  synced(messages: number, bytes: number, seconds: number): void;
  refused(reason: 'reserve' | 'queue' | 'failure'): void;
  failed(): void;
  damaged(): void;
  place(head: number, tail: number, unsyncedBytes: number): void;
}

export function journalMetrics(registry: Registry, lane: Lane): JournalMetrics {
  const counter = (name: string, help: string, labelNames: string[] = ['lane']) =>
    counterNamed(registry, { name, help, labelNames });
  const gauge = (name: string, help: string) => gaugeNamed(registry, { name, help, labelNames: ['lane'] });
  const sync = histogramNamed(registry, {
    name: 'citywatch_journal_sync_seconds',
    help: 'Time it took to write a group and have it on the disk',
    labelNames: ['lane'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2],
  });
  const messages = counter('citywatch_journal_messages_total', 'Messages made durable').labels(lane);
  const bytes = counter('citywatch_journal_bytes_total', 'Bytes made durable').labels(lane);
  const refusals = counter('citywatch_journal_refused_total', 'Messages not taken', ['lane', 'reason']);
  const failures = counter('citywatch_journal_failures_total', 'Files given up after a failed write').labels(lane);
  const damages = counter('citywatch_journal_damage_total', 'Stretches of the log that could not be read').labels(lane);
  const head = gauge('citywatch_journal_head_bytes', 'End of the durable log').labels(lane);
  const tail = gauge('citywatch_journal_tail_bytes', 'Oldest offset kept').labels(lane);
  const unsynced = gauge('citywatch_journal_unsynced_bytes', 'Bytes waiting for the disk').labels(lane);
  return {
    synced: (count, size, seconds) => {
      messages.inc(count);
      bytes.inc(size);
      sync.labels(lane).observe(seconds);
    },
    refused: (reason) => refusals.labels(lane, reason).inc(),
    failed: () => failures.inc(),
    damaged: () => damages.inc(),
    place: (headAt, tailAt, waiting) => {
      head.set(headAt);
      tail.set(tailAt);
      unsynced.set(waiting);
    },
  };
}
