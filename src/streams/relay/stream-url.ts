import { StreamFailure } from '../pool/types.ts';

/** A stream address taken apart. `uri` is what stands in requests to the camera. */
export interface StreamUrl {
  host: string;
  port: number;
  uri: string;
}

const URL_CHARS_MAX = 2_048;
const DEFAULT_PORT = 554;
/** Host names, IPv4 and bracketed IPv6; then port, path and query of visible ASCII without backslash and fragment. */
const SHAPE = /^rtsp:\/\/(\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::(\d{1,5}))?([/?][!"$-[\]-~]*)?$/i;

/**
 * Takes a stream address apart, strictly: Node's URL class leaves hosts of `rtsp:` as they were written, so what one
 * program takes for the path another takes for the host. Throws {@link StreamFailure} `refused-address` with a remedy.
 */
export function parseStreamUrl(text: string): StreamUrl {
  if (text.length > URL_CHARS_MAX) throw refused(`It is longer than ${URL_CHARS_MAX} characters.`);
  if (!/^rtsp:\/\//i.test(text)) throw refused('It must begin with rtsp://.');
  const authority = text.slice('rtsp://'.length).split(/[/?]/)[0] ?? '';
  if (authority.includes('@')) throw refused('User name and password belong into their own fields, not into the URL.');
  const match = SHAPE.exec(text);
  if (!match) throw refused('It must look like rtsp://192.168.1.20:554/path.');
  const [, host = '', port, path = ''] = match;
  const portNumber = port === undefined ? DEFAULT_PORT : Number(port);
  if (portNumber < 1 || portNumber > 65_535) throw refused('The port must be 1 to 65535.');
  return {
    host: host.replace(/^\[|\]$/g, '').toLowerCase(),
    port: portNumber,
    uri: `rtsp://${host}${port === undefined ? '' : `:${port}`}${path}`,
  };
}

function refused(why: string): StreamFailure {
  return new StreamFailure('refused-address', why);
}
