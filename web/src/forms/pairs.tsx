import type { ComponentChildren } from 'preact';

/** What is known of something, one pair after the other; pairs without a value are left out. */
export function Pairs({ of }: { of: readonly (readonly [name: string, value: ComponentChildren])[] }) {
  const known = of.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return (
    <dl class="pairs">
      {known.map(([name, value]) => [
        <dt key={`${name} name`}>{name}</dt>,
        <dd key={name}>{typeof value === 'string' ? <bdi>{value}</bdi> : value}</dd>,
      ])}
    </dl>
  );
}
