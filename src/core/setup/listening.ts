const REASONS: Record<string, string> = {
  EADDRINUSE: 'is taken by another program; stop that program or choose another port (0 = any free one)',
  EACCES: 'may not be opened by this user; choose a port of 1024 or more',
  EADDRNOTAVAIL: 'cannot be opened: this machine has no such address; choose one it has',
};

/** Why a port cannot be listened on and what to do, by the system's code (`EADDRINUSE`), to stand behind its name. */
export function whyNotListening(code: string | undefined): string {
  return REASONS[code ?? ''] ?? `cannot be opened (${code ?? 'no reason was told'})`;
}
