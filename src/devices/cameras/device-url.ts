import { z } from 'zod';
import { isAddress } from '../../platform/outbound/networks.ts';

/** Where a device is reached, taken apart once: whoever uses it later looks at none of it again. */
export interface DeviceUrl {
  /** Without a login. */
  url: string;
  /** The IP address it names, in its usual form; null for a host name, of which it shows later where it leads. */
  address: string | null;
  /** What stood in it as user and password, `%XX` read. */
  login: { username: string; password: string } | null;
}

const URL_CHARACTERS_MAX = 1024;

/** What may stand in a header of a request to the device: a line end there would begin a header of its own. */
const ONE_LINE = /^[^\p{Cc}\p{Cs}]*$/u;

export function isOneLine(text: string): boolean {
  return ONE_LINE.test(text);
}

/** A URL of one of these schemes, with or without user and password. */
export function urlWithLogin(schemes: readonly string[]) {
  return z
    .string()
    .max(URL_CHARACTERS_MAX)
    .transform((text, context): DeviceUrl => {
      const url = parsed(text, schemes);
      const login = url && { username: plain(url.username), password: plain(url.password) };
      const fault = !url || !login ? wrongScheme(schemes) : controls([text, login.username, login.password]);
      if (!url || !login || fault) {
        context.addIssue({ code: 'custom', message: fault ?? wrongScheme(schemes) });
        return z.NEVER;
      }
      url.username = '';
      url.password = '';
      const isOpen = login.username === '' && login.password === '';
      return { url: url.href, address: addressIn(url), login: isOpen ? null : login };
    });
}

/** A URL of one of these schemes without user and password, kept as it was written. */
export function urlWithoutLogin(schemes: readonly string[]) {
  return z
    .string()
    .max(URL_CHARACTERS_MAX)
    .transform((text, context): DeviceUrl => {
      const url = parsed(text, schemes);
      const hasLogin = url !== null && (url.username !== '' || url.password !== '');
      if (url && !hasLogin) return { url: text, address: addressIn(url), login: null };
      const message = hasLogin ? 'must not hold user and password: use username and password' : wrongScheme(schemes);
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    });
}

function parsed(text: string, schemes: readonly string[]): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url && schemes.includes(url.protocol) && url.host !== '' ? url : null;
}

function wrongScheme(schemes: readonly string[]): string {
  const starts = schemes.map((scheme) => `${scheme}//`).join(' or ');
  return `must be a URL starting with ${starts} (write special characters of a password as %XX)`;
}

function controls(texts: readonly string[]): string | null {
  return texts.every(isOneLine) ? null : 'must not hold control characters';
}

/** Text of a URL with its `%XX` read. One with a lone "%" is no percent-encoding; it is taken as it stands. */
function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The URL parser leaves hosts of `rtsp:` as they were written, and those of `http:` not: 0x7f.1 and 2130706433 are both
 * 127.0.0.1 to whoever connects.
 */
function addressIn({ hostname }: URL): string | null {
  const host = URL.canParse(`http://${hostname}/`) ? new URL(`http://${hostname}/`).hostname : hostname;
  const bare = host.replace(/^\[|\]$/g, '');
  return isAddress(bare) ? bare : null;
}
