const LABEL = /^\/(?:#\/)?devices\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})\/?$/;

/** The device that the code on a label leads to, whatever the gateway was called when it was printed; else null. */
export function deviceOfCode(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, pathname, hash } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return null;
  return LABEL.exec(pathname === '/' ? `/${hash}` : pathname)?.[1] ?? null;
}
