/** How far up an alert is told, from the station that it belongs to. An alert keeps the place in this list. */
export const LEVELS = ['station', 'county', 'city'] as const;
export type Level = (typeof LEVELS)[number];

/** The place of the last of them. */
export const TOP = LEVELS.length - 1;
