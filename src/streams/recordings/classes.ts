import { ACCESS_CLASSES, type AccessClass } from '../../core/registry/position-file.ts';

/** A file keeps the class that its point had when it was recorded. */
export type RecordingClass = AccessClass;

/** A number of days for each class. */
export type KeptDays = Readonly<Record<RecordingClass, number>>;

export const RECORDING_CLASSES = ACCESS_CLASSES;

/** Who gives way first where room runs out. */
export const LOWEST_CLASS_FIRST: readonly RecordingClass[] = ['public', 'minors', 'key-site'];

/** What the law asks for: Decree 799 of 2025 (public video), and the Counterterrorism Law, article 32 (key sites). */
export const RECORDED_DAYS_MIN: KeptDays = { public: 30, 'key-site': 90, minors: 30 };
