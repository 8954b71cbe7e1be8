import type { ComponentChildren, JSX } from 'preact';
import { goTo } from '../session/place.js';
import { pathOf, type Route } from '../session/route.js';

interface LinkProps {
  readonly to: Exclude<Route, { view: 'unknown' }>;
  readonly class?: string;
  readonly current?: boolean;
  readonly children: ComponentChildren;
}

/** A link within the page: a real address, followed without loading the page anew. */
export function Link({ to, class: className, current, children }: LinkProps): JSX.Element {
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goTo(to);
  };
  return (
    <a href={pathOf(to)} class={className} aria-current={current === true ? 'page' : undefined} onClick={follow}>
      {children}
    </a>
  );
}
