const URL_MAX_CHARACTERS = 1_024;

/** The device service's address, or null when it is not a plain http(s) URL. */
export function cameraUrl(text: string): URL | null {
  const url = parse(text);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  return url.username || url.password || url.hash ? null : url;
}

/** A stream's address as it is contacted, and whether the camera named it at another host. */
export interface StreamAddress {
  url: URL;
  elsewhere: boolean;
}

/**
 * An rtsp address that a camera told, at the host it was contacted at: behind a NAT, or when it is registered by name,
 * it names another one, and no answer sends us, with a password, to another machine. Its port counts, because RTSP has
 * one of its own. User and password inside are dropped; ours are used. Null for what is no rtsp address.
 */
export function streamAtCamera(text: string, camera: URL): StreamAddress | null {
  const told = parse(text.trim());
  if (told?.protocol !== 'rtsp:' || told.hostname === '' || told.port === '0') return null;
  const url = new URL(`rtsp://${camera.hostname}`);
  url.port = told.port;
  url.pathname = told.pathname;
  url.search = told.search;
  return { url, elsewhere: !sameHost(told, camera) };
}

/**
 * A service's address with host and port replaced by those the camera was contacted at: behind a NAT it names a host
 * that only it knows, and no answer sends us to another machine. Null for what is no http(s) address.
 */
export function atCamera(text: string, camera: URL): URL | null {
  const told = parse(text.trim());
  if (!told || (told.protocol !== 'http:' && told.protocol !== 'https:')) return null;
  const url = new URL(camera);
  // Set part by part: a path like "//other/x" would be a host if it were resolved.
  url.pathname = told.pathname;
  url.search = told.search;
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
