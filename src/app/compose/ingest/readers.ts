import type { RulesReader } from '../../../alerts/rules/rules-reader.ts';
import type { JournalReader } from '../../../core/journal-reader.ts';
import type { Lifecycle } from '../../../core/mechanisms/lifecycle.ts';
import { Readers, type ReadersDeps } from '../../../ingest/readers/readers.ts';

/** Every reader by its name: those of the design, then those beside them. A test holds each to the contract. */
export const READER_NAMES = ['telemetry', 'rules', 'twin', 'rollups', 'completeness', 'commands'] as const;

export interface ReadersInput extends Omit<ReadersDeps, 'readers'> {
  /** One for each name of the list. */
  all: Record<(typeof READER_NAMES)[number], JournalReader> & { rules: RulesReader };
  lifecycle: Lifecycle;
}

/** The readers of the list, all of them running from now on. Throws a RangeError for one under a name not its own. */
export function startReaders({ all, lifecycle, ...deps }: ReadersInput): Readers {
  const { rules } = all;
  const readers = new Readers({ ...deps, readers: READER_NAMES.map((name) => named(all[name], name)) });
  lifecycle.onStop('rules', () => rules.stop());
  readers.start();
  lifecycle.onStop('readers', () => readers.stop());
  rules.start();
  return readers;
}

function named(reader: JournalReader, name: string): JournalReader {
  if (reader.name !== name) throw new RangeError(`the reader ${reader.name} stands in the list as ${name}`);
  return reader;
}
