// What people put behind an Alertmanager: a small server that runs a command for every firing alert it is sent.
// usage: node webhook.mjs MARKER FOLDER; prints its address, then writes FOLDER/<receiver>-<lane> through the marker.
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { join } from 'node:path';

const [marker, folder] = process.argv.slice(2);

const server = createServer(async (request, response) => {
  const { receiver, alerts } = JSON.parse(Buffer.concat(await request.toArray()).toString());
  for (const { status, labels } of alerts) {
    if (status === 'firing') spawn('sh', [marker, join(folder, `${receiver}-${labels.lane}`)], { stdio: 'ignore' });
  }
  response.end();
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
