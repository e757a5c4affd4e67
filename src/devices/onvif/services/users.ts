import type { Login } from '../../../platform/outbound/http-auth.ts';
import type { LetIn, OneLogin } from '../one-login.ts';
import { at, escapeXml, labelText } from '../xml.ts';

/** An account of a camera. */
export interface CameraUser {
  name: string;
  level: string;
}

/** What an account must be that changes its own password later on (ONVIF core specification, access classes). */
const LEVEL = 'Administrator';

/**
 * Logs in, and lists the accounts: a question that no camera answers to who has not logged in. Throws as
 * {@link OneLogin}; `not-allowed` where the login is right and the account may not see the others.
 */
export async function openUsers(one: OneLogin): Promise<{ letIn: LetIn; users: CameraUser[] | 'not-allowed' }> {
  await one.clock();
  const letIn = await one.login();
  const asked = one.call(() => one.camera.device.getUsers());
  // A login that was let in just now is right: what is refused then is the question.
  const answer = letIn === 'open' ? await asked : await asked.catch(() => null);
  if (!answer) return { letIn, users: 'not-allowed' };
  const users = answer.children.filter(({ name }) => name === 'User');
  return {
    letIn: one.letIn,
    users: users.map((user) => ({ name: labelText(at(user, 'Username')), level: labelText(at(user, 'UserLevel')) })),
  };
}

/** Makes an account that may do everything. Throws as {@link OneLogin}. */
export async function createUser(one: OneLogin, login: Login): Promise<void> {
  await one.call(() => one.camera.device.createUsers({ User: [told(login)] }));
}

/** Gives an account another password; who may do that may do everything already. Throws as {@link OneLogin}. */
export async function setPassword(one: OneLogin, login: Login): Promise<void> {
  await one.call(() => one.camera.device.setUser({ User: [told(login)] }));
}

function told({ username, password }: Login) {
  return { Username: escapeXml(username), Password: escapeXml(password), UserLevel: LEVEL };
}
