import type { ComponentChildren, JSX, VNode } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Store, useStore } from '../live/store.js';

/** The one dialog that is open. */
const open = new Store<VNode | undefined>(undefined);

export function openDialog(dialog: VNode): void {
  open.change(() => dialog);
}

export function closeDialog(): void {
  open.change(() => undefined);
}

export function OpenDialog(): VNode | undefined {
  return useStore(open, (dialog) => dialog);
}

interface DialogProps {
  readonly title: string;
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}

/** A dialog over the page: the browser keeps the focus in it, closes it on Escape and gives the focus back. */
export function Dialog({ title, wide = false, children }: DialogProps): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog ref={element} class={wide ? 'wide' : undefined} aria-labelledby={titleId} onClose={closeDialog}>
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
}
