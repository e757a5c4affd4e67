import { personal } from '../../ground/personal.ts';
import { type Login, NO_LOGIN } from './new-device.ts';

/** The login that somebody typed and did not send, and the address that may hold one. */
export const loginDraft = personal<Login>(NO_LOGIN);
