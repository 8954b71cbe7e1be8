import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { RefObject } from 'preact';

const callbacks = new WeakMap<Element, (isVisible: boolean) => void>();
/** One for all rows; a little before they are really seen. */
const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) callbacks.get(target)?.(isIntersecting);
  },
  { rootMargin: '150px' },
);

/** Whether an element is on the screen, or nearly so. */
export function useVisible<E extends Element>(): readonly [ref: RefObject<E | null>, isVisible: boolean] {
  const ref = useRef<E>(null);
  const [isVisible, setIsVisible] = useState(false);
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null) return;
    callbacks.set(element, setIsVisible);
    observer.observe(element);
    return () => observer.unobserve(element);
  }, []);
  return [ref, isVisible];
}
