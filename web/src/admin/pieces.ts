/** Views of the administration, each at `/admin/NAME`, and the rights of which one opens it. */
export const PIECES = {
  people: ['people.keep', 'people.vouch'],
  tokens: ['tokens.keep'],
  screens: ['tokens.keep'],
  subscriptions: ['subscriptions.keep'],
  sources: ['subscriptions.keep'],
  rules: ['rules.read', 'rules.keep', 'rules.approve'],
  silences: ['alerts.silence'],
  rosters: ['duty.keep', 'alerts.read'],
  'dead-letters': ['explain.read'],
  ledger: ['explain.read'],
  audit: ['audit.read'],
  register: ['register.read'],
  recordings: ['registry.read'],
  disks: ['recordings.disks'],
  health: ['metrics.read'],
  kinds: ['registry.read'],
  notes: ['registry.read'],
} as const satisfies Record<string, readonly string[]>;

export type PieceName = keyof typeof PIECES;

export const PIECE_NAMES = Object.keys(PIECES) as PieceName[];

/** Who has one of these has something to administer; the others are not led here. */
const KEEPS = [
  'people.keep',
  'people.vouch',
  'tokens.keep',
  'subscriptions.keep',
  'rules.keep',
  'rules.approve',
  'alerts.silence',
  'duty.keep',
  'explain.read',
  'audit.read',
  'register.read',
  'recordings.disks',
  'metrics.read',
] as const;

/** Whether somebody with these rights finds anything to do in the administration. */
export function hasAdministration(may: (right: string) => boolean): boolean {
  return KEEPS.some(may);
}

/** Whether this view is theirs to see. */
export function isOpen(name: PieceName, may: (right: string) => boolean): boolean {
  return PIECES[name].some(may);
}

/** Which view a path leads to; null for another path, and for a name that none has. */
export function pieceAt(path: string): PieceName | null {
  const [, name] = /^\/admin\/([a-z-]+)$/.exec(path) ?? [];
  return PIECE_NAMES.find((one) => one === name) ?? null;
}

export function pieceAddress(name: PieceName): string {
  return `/admin/${name}`;
}
