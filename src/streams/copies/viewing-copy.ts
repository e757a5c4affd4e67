import type { ExportActor } from '../exports/export.ts';

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
