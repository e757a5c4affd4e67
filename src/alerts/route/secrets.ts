import type { Sink, TargetFields } from '../sinks/sink.ts';

/** The vault; `owner` is the sink's type, so what was sealed for one sink opens for no other. */
export interface SecretBox {
  seal(plain: string, owner: string): string;
  open(sealed: string, owner: string): string;
}

/** For each secret field the sealed values in use, newest first. */
export type SealedSecrets = Record<string, string[]>;

/** What a subscription keeps of its target: the open fields, and the secret ones sealed. */
export function sealTarget(
  box: SecretBox,
  sink: Pick<Sink, 'type' | 'secretFields'>,
  fields: TargetFields,
): { target: Record<string, unknown>; secrets: SealedSecrets } {
  const isSecret = (name: string): boolean => sink.secretFields.includes(name);
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  const secrets = given.filter(([name]) => isSecret(name));
  return {
    target: Object.fromEntries(given.filter(([name]) => !isSecret(name))),
    secrets: Object.fromEntries(secrets.map(([name, value]) => [name, [box.seal(String(value), sink.type)]])),
  };
}

export function openSecrets(box: SecretBox, type: string, sealed: SealedSecrets): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(sealed).map(([name, values]) => [name, values.map((value) => box.open(value, type))]),
  );
}
