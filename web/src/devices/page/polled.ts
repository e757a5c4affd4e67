import { useEffect, useRef, useState } from 'preact/hooks';
import { type Asked, useAnswer } from '../../case/use-answer.ts';
import { every } from '../../ticker.ts';

/**
 * What the gateway answers, asked anew every so often while somebody looks; a `path` of null asks nothing. `pace`:
 * milliseconds, or what they are after an answer; null where nothing new is to come.
 */
export function usePolled<Answer>(
  path: string | null,
  pace: number | null | ((answer: Answer | null) => number | null),
): Asked<Answer> & { again(): void } {
  const [count, setCount] = useState(0);
  const again = () => setCount((before) => before + 1);
  // What stands behind # is not sent: it only makes another question of the same one.
  const question = path === null ? null : `${path}#${count}`;
  const asked = useAnswer<Answer>(question);
  // An answer that is late is waited for: asked anew each time, it would never come.
  const isWaiting = useRef(false);
  isWaiting.current = asked.to !== question;
  const everyMs = typeof pace === 'function' ? pace(asked.answer) : pace;
  useEffect(() => {
    if (everyMs === null) return;
    return every(everyMs, () => {
      if (!document.hidden && !isWaiting.current) again();
    });
  }, [everyMs]);
  return { ...asked, again };
}
