import { useState } from 'preact/hooks';
import { may } from '../../session.ts';
import { Draft } from './draft.tsx';
import { InForce } from './in-force.tsx';
import { Versions } from './versions.tsx';

/** The rules in force, a draft that is tried before it is asked for, and the versions that people made. */
export function Rules() {
  const [changes, setChanges] = useState(0);
  const changed = () => setChanges(changes + 1);
  return (
    <>
      {(may('rules.try') || may('rules.keep')) && <Draft onAsked={changed} />}
      {(may('rules.keep') || may('rules.approve')) && <Versions after={changes} onDecided={changed} />}
      {may('rules.read') && <InForce after={changes} onAsked={changed} />}
    </>
  );
}
