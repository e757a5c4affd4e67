export const RESULTS: string;
export function figuresOf(runs: readonly (readonly object[])[]): { values: number[]; [key: string]: unknown }[];
export function keptResults(): { name: string; [key: string]: unknown }[];
