import { toRfc3339 } from '../../core/clock.ts';
import type { ExportActor, RecordingExport } from '../exports/export.ts';

/** `removed`: somebody ended it, or its export is gone. */
export type CopyState = 'making' | 'ready' | 'failed' | 'removed';

/** A copy of an export for looking at, with who it is for in the picture. Times are Unix ms. */
export interface ViewingCopy {
  id: string;
  export: string;
  by: ExportActor;
  /** Where who asked belongs to, as it stands in the picture. */
  unit: string;
  askedAtMs: number;
  state: CopyState;
  detail: string | null;
  /** Of the export, and how many of them are coded. */
  files: number;
  filesDone: number;
  bytes: number;
}

/** What stands in each picture below the time of day. */
export function textOf({ id, by, unit }: ViewingCopy, made: RecordingExport): string {
  const why = made.case === null ? made.purpose : `${made.purpose} · ${made.case}`;
  return `${by.name} (${by.id}) · ${unit} · ${why} · ${id.slice(0, 8)}`;
}

/** What stands beside the videos, so that nobody takes them for evidence. */
export function aboutOf({ id, askedAtMs }: ViewingCopy, made: RecordingExport, text: string): string {
  return `This is a copy for looking at, coded anew with text in its pictures. It proves nothing.
The original recordings are those of export ${made.id}, with its manifest and signature.
Holes are left out: the time of day in the picture goes on after them. The manifest names each.

copy ${id}, asked for at ${toRfc3339(askedAtMs)}
${text}
from ${toRfc3339(made.fromMs)} to ${toRfc3339(made.toMs)}
`;
}
