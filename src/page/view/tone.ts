/** What a state means to who looks; each has a colour, a shape and a word of its own. */
export type Tone = 'bad' | 'ask' | 'act' | 'warn' | 'blind' | 'paused' | 'ok' | 'idle';

export interface StateWord {
  readonly tone: Tone;
  readonly word: string;
}
