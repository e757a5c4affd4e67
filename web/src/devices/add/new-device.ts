import { lineOf } from '../../case/deeds/form-draft.ts';
import type { Values } from '../deeds/drafts.ts';

/** How a camera is logged in to: kept with no draft. */
export interface Login {
  username: string;
  password: string;
  /** Of its stream, in which some write the login. */
  url: string;
}

export const NO_LOGIN: Login = { username: '', password: '', url: '' };

/** What a camera is reached by, as a check and a registration take it; null where nothing is said. */
export function reachedBy(values: Values, { username, password, url: said }: Login): Record<string, unknown> | null {
  const [xaddr, url] = [lineOf(values.xaddr), lineOf(said)];
  if (xaddr === '' && url === '') return null;
  return {
    ...(xaddr !== '' && { onvif: { xaddr, username, password } }),
    ...(url !== '' && { stream: { url: withLogin(url, { username, password }) } }),
  };
}

/** A new device as the gateway takes it. */
export function newDeviceOf(values: Values, login: Login, isCamera: boolean): Record<string, unknown> {
  const [id, purpose, address] = [lineOf(values.id), lineOf(values.purpose), lineOf(values.address)];
  return {
    kind: values.kind,
    name: lineOf(values.name),
    location: { lat: Number(values.lat), lon: Number(values.lon), datum: values.datum ?? 'wgs84' },
    ...(values.jurisdiction ? { jurisdiction: values.jurisdiction } : {}),
    ...(id !== '' && { id }),
    ...(purpose !== '' && { purpose }),
    ...(address !== '' && { file: { address } }),
    ...(isCamera && reachedBy(values, login)),
    ...(values.confirm === 'yes' && { confirm: true }),
  };
}

/** The address of a stream with the login in it, where it has none of its own and there is one. */
function withLogin(address: string, { username, password }: Omit<Login, 'url'>): string {
  if (username === '' || !URL.canParse(address)) return address;
  const url = new URL(address);
  if (url.username !== '') return address;
  const login = `${encodeURIComponent(username)}:${encodeURIComponent(password)}@`;
  return address.replace('://', `://${login}`);
}
