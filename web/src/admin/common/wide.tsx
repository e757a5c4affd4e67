import type { ComponentChildren } from 'preact';

/** A table that may be wider than the page. `name` tells it from others of the view. */
export function Wide({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled must be reached by the keyboard
    <section class="wide" aria-label={name} tabIndex={0}>
      <table class="admin-table">{children}</table>
    </section>
  );
}
