import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import { composeMessages } from '../../src/notify/compose-messages.js';
import { configFolder, goodFiles, type ConfigFiles } from '../support/config-folder.js';
import { IncidentStory } from '../support/incident-story.js';

async function loadWith(files: ConfigFiles, folder = './messages') {
  const file = configFolder({ ...goodFiles, 'belay.yaml': goodFiles['belay.yaml'].replace('notify:', `notify:\n  templates: ${folder}`), ...files });
  const result = await loadConfig(file);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const { wording } = result.config.notify;
  const { entries } = new IncidentStory().opened().fired().decidedToExecute(1).started(1);
  return {
    problems: result.warnings.map(({ file: where, line, column, message, hint, severity }) => `${where.slice(join(file, '..').length + 1)}:${line}:${column}: ${severity}: ${message}${hint === undefined ? '' : ` | ${hint}`}`),
    messages: entries.flatMap((entry) => composeMessages(entry, entries.slice(0, entry.seq), wording)),
  };
}

describe('templates of messages', () => {
  it('are used for the messages that they are for, and the usual words for the others', async () => {
    const { problems, messages } = await loadWith({ 'messages/internal/rollback-started.md': 'ROLLBACK of ${target}\nETA: ${eta}\nLead: ${lead}\nBridge: #war-room\n' });
    expect(problems).toEqual([]);
    expect(messages.map(({ kind, title }) => [kind, title])).toEqual([['firing', 'checkout: error rate 23.4% > 10% for 5m, rolling back level 1 (feature flag)'], ['rollback-started', 'ROLLBACK of checkout']]);
    expect(messages[1]?.facts).toEqual([['Lead', 'nobody yet; to take it: belay ack incident-7'], ['Bridge', '#war-room']]);
  });

  it('that are broken are told by file, line and column, and cost no message', async () => {
    const { problems, messages } = await loadWith({
      'messages/internal/firing.txt': '${title}\n\nWhy: ${raeson}\n',
      'messages/internal/fireing.txt': 'x',
      'messages/customer/recovered.txt': '${service}\n${query}',
      'messages/notes.txt': 'x',
    });
    expect(problems).toEqual([
      expect.stringMatching(/^messages\/customer\/recovered\.txt:2:3: error: "query" is for people inside, and this message goes to customers \| known: time, since, duration, within, service$/) as string,
      'messages/internal/firing.txt:3:8: error: there is no placeholder "raeson" | did you mean "reason"?',
      expect.stringMatching(/^messages\/internal\/fireing\.txt:1:1: error: the file is for no message: .* \| did you mean "firing"\?$/) as string,
      expect.stringMatching(/^messages\/notes\.txt:1:1: error: .*internal and customer/) as string,
    ]);
    const [firing] = messages;
    expect(firing?.title).toBe('checkout: error rate 23.4% > 10% for 5m, rolling back level 1 (feature flag)');
    expect(firing?.facts.at(-1)).toEqual(['template', 'internal/firing.txt:3:8: there is no placeholder "raeson"; these are the usual words']);
  });

  it('whose folder is not there are told, and cost no message', async () => {
    const { problems, messages } = await loadWith({}, './nowhere');
    expect(problems).toEqual([expect.stringContaining('the folder of the templates cannot be read') as string]);
    expect(messages).toHaveLength(2);
  });

  it('whose title comes to nothing give way to the usual words', async () => {
    const { messages } = await loadWith({ 'messages/internal/firing.txt': '${lead}${plan}\n' , 'messages/internal/rollback-started.txt': '${within}\n' });
    expect(messages.map(({ title }) => title)).toEqual([expect.stringContaining('nobody yet') as string, 'checkout: level 1 (feature flag) started, plan checkout-flag-off']);
    expect(messages[1]?.facts.at(-1)?.[1]).toContain('has left no title');
  });
});
