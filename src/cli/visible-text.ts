/** Controls but for tab and line feed, and what turns the direction of writing. */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
/** The same, but for the colours that Belay's own styles are made of. */
const UNSEEN_BUT_COLOURS = new RegExp(`(\\u001b\\[\\d+m)|${UNSEEN.source}`, 'g');

/**
 * Text that may hold labels, versions, reasons or outputs of others, as it may go to a terminal: what would move the
 * cursor, clear the screen, rename the window or turn the writing around stands there as `\u001b`, and is only read.
 */
export function visibleText(text: string, colours: boolean): string {
  return colours ? text.replaceAll(UNSEEN_BUT_COLOURS, (found, colour: string | undefined) => colour ?? written(found)) : text.replaceAll(UNSEEN, written);
}

/** The same for JSON, in which it means what it meant before. */
export function visibleJson(json: string): string {
  return json.replaceAll(UNSEEN, written);
}

function written(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
