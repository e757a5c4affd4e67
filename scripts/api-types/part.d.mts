export const OPERATIONS: Readonly<Record<string, readonly string[]>>;
export function partOf(document: unknown): object;
export function headOf(part: object, types: string): string;
export function bodiesOf(document: unknown): object;
