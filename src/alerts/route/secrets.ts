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

/** When what is opened is used, and until when a value that was replaced still counts. */
export interface LivingSecrets {
  nowMs: number;
  /** Null where that was never bounded: then all values do. */
  previousUntilMs: number | null;
}

export function openSecrets(
  box: SecretBox,
  type: string,
  sealed: SealedSecrets,
  { nowMs, previousUntilMs }: LivingSecrets,
): Record<string, string[]> {
  const isOver = previousUntilMs !== null && nowMs >= previousUntilMs;
  return Object.fromEntries(
    Object.entries(sealed).map(([name, values]) => {
      const living = isOver ? values.slice(0, 1) : values;
      return [name, living.map((value) => box.open(value, type))];
    }),
  );
}
