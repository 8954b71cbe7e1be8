// An SDK client of the Unleash server at UNLEASH_URL, as a shop would have one. Prints a line for every question that it
// is asked on its standard input, `FLAG` or `FLAG PLAN` (the plan of the user who asks), and ends when that does.
import { createInterface } from 'node:readline';
import { startUnleash } from 'unleash-client';

const { UNLEASH_URL: url, CLIENT_TOKEN: token } = process.env;
const client = await startUnleash({ url: `${url}/api/`, appName: 'shop', customHeaders: { Authorization: token }, refreshInterval: 200, metricsInterval: 0, disableMetrics: true });
client.on('error', () => undefined);
console.log('ready');
const questions = createInterface({ input: process.stdin });
questions.on('line', (question) => {
  const [flag, plan] = question.split(' ');
  console.log(client.isEnabled(flag, { userId: 'ana', properties: { plan } }) ? 'on' : 'off');
});
questions.on('close', () => process.exit(0));
