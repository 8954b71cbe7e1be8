import { z } from 'zod';
import { messageKinds } from '../notify/message.js';
import { durationField, httpUrlField, labelsField, levelField, nameField, positiveDurationField, severityField } from './fields.js';

export const addressField = z.string().regex(/^[^\s@]+@[^\s@]+$|<[^\s@<>]+@[^\s@<>]+>$/, 'must be an email address').meta({ title: 'address' });

const headers = labelsField.default({});
const oneOrMore = <S extends z.ZodType>(word: S) => z.union([z.array(word).min(1), word.transform((only) => [only])]);
const kindField = z.enum(messageKinds).meta({ title: 'kind of message' });

/** Criteria, and where to: words that `destinationOf` reads. */
export const routeSchema = z.strictObject({
  target: oneOrMore(nameField).optional().describe('Messages about these targets.'),
  severity: oneOrMore(severityField).optional().describe('By the worst alert of the incident so far.'),
  level: oneOrMore(levelField).optional().describe('By the highest level of the incident so far.'),
  environment: oneOrMore(nameField).optional().describe('Where Belay runs with one of these.'),
  kind: oneOrMore(kindField).optional().describe('[Kinds of messages](docs/notifications.md#routes). Without it, a route is for all of them, and `required` for all that is told of an incident.'),
  to: oneOrMore(nameField).describe('`slack`, `email`, `webhook`, `"#channel"`, an address, a webhook by its name, a person or a group.'),
  continue: z.boolean().default(false).describe('Look at the routes after it as well.'),
}).meta({ title: 'route' });

/** Who must hear of what, whatever the routes say. */
export const requiredSchema = routeSchema.omit({ continue: true }).extend({ trigger: oneOrMore(nameField).optional().describe('Incidents in which one of these triggers has fired.') }).meta({ title: 'requirement' });

/** Whom an incident calls that waits for a person, and after how long. */
export const escalationSchema = z.array(z.strictObject({
  after: durationField.describe('[Called](docs/notifications.md#escalation) when an incident has waited so long for a person and nobody has answered. Each step is later than the one before.'),
  to: oneOrMore(nameField).describe('People and groups.'),
  severity: oneOrMore(severityField).optional().describe('Only where an alert of the incident has it.'),
}).meta({ title: 'escalation step' }));

export const notifySchema = z.strictObject({
  slack: z
    .strictObject({
      token: z.string().min(1).describe('A bot token.'),
      channel: z.string().min(1).describe('`#name` or id. One message per incident, kept up to date, with the details in its thread.'),
      signingSecret: z.string().min(1).optional().describe('What Slack signs its requests with. Without it, the messages can be answered by command line and HTTP only.'),
      apiUrl: httpUrlField.default('https://slack.com/api/').transform((url) => (url.endsWith('/') ? url : `${url}/`)).describe('For a proxy.'),
    })
    .optional().describe('The configured channel of Slack.'),
  email: z
    .strictObject({
      smtp: z.string().regex(/^smtps?:\/\/./, { error: 'must begin with smtp:// or smtps://', abort: true }).refine((text) => URL.canParse(text), 'is not a URL').meta({ title: 'smtp(s) URL', description: '`smtp://user:password@host:port` or `smtps://…`.' }),
      from: addressField.describe('Who the mails come from.'),
      to: z.array(addressField).min(1).describe('Who gets every mail.'),
    })
    .optional().describe('Mail.'),
  webhook: z.array(z.strictObject({
    name: nameField.optional().describe('What routes call it.'),
    url: httpUrlField.describe('Gets each message as JSON with POST.'),
    headers: headers.describe('Sent with the message.'),
  })).default([]).describe('Programs that get messages.'),
  routes: z.array(routeSchema).default([]).describe('Which messages go where. The first route that fits decides.'),
  required: z.array(requiredSchema).default([]).describe('[Who must hear of it](docs/notifications.md#who-must-hear-of-it), wherever the routes lead.'),
  templates: z.string().min(1).optional().meta({ title: 'path', description: 'A folder of [templates](docs/messages.md#templates), by which messages are worded.' }),
  customers: z
    .strictObject({
      fromLevel: levelField.default(3).describe('Rollbacks of lower levels are nothing that customers notice.'),
      services: z.record(nameField, z.string().min(1)).default({}).describe('What customers call a target.'),
      email: z.array(addressField).min(1).optional().describe('Customers, or their lists; mails go out as those of `email` do. [What they are told](docs/messages.md#customers).'),
      statusPage: z.strictObject({
        url: httpUrlField.default('https://api.statuspage.io/v1').describe('Its API.'),
        page: z.string().min(1).describe('The id of the page.'),
        token: z.string().min(1).describe('Its API key.'),
      }).optional().describe('A page at Statuspage.'),
      webhook: z.strictObject({
        url: httpUrlField.describe('Gets each message for customers as JSON with POST.'),
        headers: headers.describe('Sent with the message.'),
      }).optional().describe('A program that gets each message for customers.'),
    })
    .meta({ title: 'customers' })
    .optional().describe('Who is told outside, and of what. [What they are told](docs/messages.md#customers).'),
  escalation: escalationSchema.default([]).describe('Who is [called](docs/notifications.md#escalation) while nobody answers.'),
  digest: z.union([z.literal('never'), z.strictObject({
    over: z.int().min(2).max(1_000).default(5).describe('So many different incidents and other messages come one by one.'),
    within: positiveDurationField.prefault('1m').describe('Within how long they are counted.'),
  })], 'must be a map such as { over: 5, within: 1m }, or never').prefault({}).describe('When much happens at once, [it comes together](docs/notifications.md#many-at-once).'),
  fallback: z.strictObject({ after: positiveDurationField.prefault('2m').describe('A channel that has taken nothing for so long [is dead](docs/notifications.md#a-dead-channel): another one stands in.') }).prefault({}).describe('When another channel stands in for a dead one.'),
}).meta({ title: 'notify' });

export type WrittenEscalation = z.output<typeof escalationSchema>;
export type WrittenRequired = z.output<typeof requiredSchema>;
export type WrittenRoute = z.output<typeof routeSchema>;
