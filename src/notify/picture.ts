import type { Message, MessageKind } from './message.js';

/** A plot as it goes with a message. */
export interface Picture {
  readonly png: Buffer;
  /** What it shows, for those who do not see it. */
  readonly alt: string;
}

/** Where channels get the picture of a message: soon, or not at all. Never rejects. */
export interface Pictures {
  of(message: Message): Promise<Picture | undefined>;
}

/** Where the course of the values says more than the newest one. */
const pictured: ReadonlySet<MessageKind> = new Set(['firing', 'not-recovered', 'needs-human', 'approval', 'recovered']);

export function hasPicture({ kind, incidentId }: Message): boolean {
  return incidentId !== undefined && pictured.has(kind);
}
