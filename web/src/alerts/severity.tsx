import { tOf } from '../texts.ts';
import type { Severity } from '../types.ts';

/** Shape, colour and letter each tell the severity alone. */
const SHAPES: Record<Severity, string> = {
  extreme: 'M11 2h10l9 9v10l-9 9H11l-9-9V11z',
  severe: 'M16 2 31 29H1z',
  moderate: 'M16 1 31 16 16 31 1 16z',
  minor: 'M16 2a14 14 0 1 1 0 28 14 14 0 0 1 0-28z',
};

export function SeverityBadge({ severity }: { severity: Severity }) {
  const name = tOf('severity', severity);
  return (
    <svg class={`badge badge-${severity}`} viewBox="0 0 32 32" role="img" aria-label={name}>
      <title>{name}</title>
      <path d={SHAPES[severity] ?? SHAPES.minor} />
      <text x="16" y={severity === 'severe' ? 25 : 21.5} text-anchor="middle">
        {tOf('letter', severity)}
      </text>
    </svg>
  );
}
