import { instantText } from '../../time/instant-text.js';
import type { DaemonClient } from '../daemon-client.js';
import { Output } from '../output.js';
import { type Heard, liveEvents } from './live-events.js';
import { liveDisplay } from './live-display.js';
import { type LivePicture, withHeard } from './live-picture.js';
import { untilLeft } from './until-left.js';

export interface WatchView {
  /** All that is shown, anew with every event. */
  readonly linesOf: (picture: LivePicture, output: Output) => readonly string[];
  /** Where nothing can be drawn anew: what is written after the first picture; lines that are new, without it. */
  readonly changes?: (before: LivePicture, after: LivePicture, output: Output) => readonly string[];
  /** Which events are worth showing; all of them unless told. */
  readonly concerns?: (heard: Heard) => boolean;
  /** Asked after each event that concerns; what is over is shown a last time. */
  readonly isOver?: (picture: LivePicture) => Promise<boolean>;
}

/** Shows what the daemon tells, until somebody leaves or it is over. */
export function watchDaemon(daemon: DaemonClient, { json = false }: { readonly json?: boolean | undefined }, { linesOf, changes, concerns = () => true, isOver }: WatchView): Promise<void> {
  return untilLeft(async (signal) => {
    const output = new Output();
    const display = json ? undefined : liveDisplay(output);
    let shown: LivePicture | undefined;
    let picture: LivePicture | undefined;
    try {
      for await (const heard of liveEvents(daemon, signal)) {
        picture = withHeard(picture, heard);
        if (picture === undefined || !concerns(heard)) continue;
        const over = heard.name !== 'disconnected' && (await isOver?.(picture)) === true;
        if (json) output.jsonLine({ event: heard.name, data: heard.data });
        else if (shown !== undefined && changes !== undefined && display?.redraws === false) display.append([...connectionLines(shown, picture), ...changes(shown, picture, output)]);
        else display?.show([...disconnectedLines(picture, output), ...linesOf(picture, output)]);
        shown = picture;
        if (over) return;
      }
    } finally {
      display?.close();
    }
  });
}

function disconnectedLines({ disconnected, status }: LivePicture, output: Output): readonly string[] {
  return disconnected === undefined ? [] : [output.style('red', `disconnected since ${instantText(status.now)}: ${disconnected}; trying again. What follows is how it was.`), ''];
}

function connectionLines(before: LivePicture, after: LivePicture): readonly string[] {
  if (before.disconnected === after.disconnected) return [];
  return [after.disconnected === undefined ? `${instantText(after.status.now)}  connected again` : `disconnected: ${after.disconnected}; trying again`];
}
