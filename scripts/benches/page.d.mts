export const PAGE: string;
export function pageWith(text: string, results: readonly object[]): string;
