import type { RulesReader } from '../../../alerts/rules/rules-reader.ts';
import type { JournalReader } from '../../../core/journal-reader.ts';
import type { Lifecycle } from '../../../core/mechanisms/lifecycle.ts';
import { Readers, type ReadersDeps } from '../../../ingest/readers/readers.ts';

export interface ReadersInput extends Omit<ReadersDeps, 'readers'> {
  /** Those of the design. */
  telemetry: JournalReader;
  rules: RulesReader;
  twin: JournalReader;
  /** Those beside them. */
  rollups: JournalReader;
  completeness: JournalReader;
  commands: JournalReader;
  lifecycle: Lifecycle;
}

/** The list of readers, all of them running from now on. */
export function startReaders(input: ReadersInput): Readers {
  const { telemetry, rules, twin, rollups, completeness, commands, lifecycle, ...deps } = input;
  const readers = new Readers({ ...deps, readers: [telemetry, rules, twin, rollups, completeness, commands] });
  lifecycle.onStop('rules', () => rules.stop());
  readers.start();
  lifecycle.onStop('readers', () => readers.stop());
  rules.start();
  return readers;
}
