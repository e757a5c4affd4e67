export const GATEWAY_NODE_OPTIONS: readonly string[];
export const GATEWAY_ENVIRONMENT: Readonly<Record<string, string>>;
export function startLines(start: { node: string; program: string }): string;
