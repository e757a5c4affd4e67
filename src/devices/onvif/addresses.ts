const URL_MAX_CHARACTERS = 1_024;

/** The device service's address, or null when it is not a plain http(s) URL. */
export function cameraUrl(text: string): URL | null {
  const url = parse(text);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  return url.username || url.password || url.hash ? null : url;
}

/**
 * An address that a camera told us, or null unless it has one of the schemes and points to the camera itself
 * (reference S6): a camera must not be able to send us, with its password, to another machine. User and password inside
 * are dropped; ours are used.
 */
export function ownUrl(text: string, camera: URL, schemes: readonly string[]): URL | null {
  const url = parse(text.trim());
  if (!url || !schemes.includes(url.protocol) || !sameHost(url, camera)) return null;
  url.username = '';
  url.password = '';
  return url;
}

function parse(text: string): URL | null {
  if (text.length > URL_MAX_CHARACTERS || /[\s\p{Cc}]/u.test(text)) return null;
  return URL.canParse(text) ? new URL(text) : null;
}

/** For schemes like rtsp the URL parser does not bring a host into its one spelling, for http it does. */
function sameHost(url: URL, camera: URL): boolean {
  const http = URL.canParse(`http://${url.host}`) ? new URL(`http://${url.host}`) : null;
  return http !== null && http.hostname === camera.hostname;
}
