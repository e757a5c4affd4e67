export function partOf(document: unknown): object;
export function headOf(part: object, types: string): string;
