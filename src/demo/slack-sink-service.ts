// The Slack-compatible sink as a service of its own, for docker-compose.yml: prints what it is told, one line each.
import { parseArgs } from 'node:util';
import { startSlackSink } from './slack-sink.js';

const { values } = parseArgs({ options: { host: { type: 'string', default: '127.0.0.1' }, port: { type: 'string', default: '8090' } } });

const sink = await startSlackSink({
  host: values.host,
  port: Number(values.port),
  onMessage: ({ channel, text, threadTs, updates }) => {
    const place = updates > 0 ? `${channel}, changed` : threadTs === undefined ? channel : `${channel}, in the thread`;
    process.stdout.write(`${place}: ${text}\n`);
  },
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void sink.stop());
