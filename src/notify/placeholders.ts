/** Who reads a message. */
export type Audience = 'internal' | 'customer';

/**
 * What templates may name, and what it stands for: the closed list. docs/messages.md shows it, and a test keeps the
 * two equal. Customers see nothing from inside the house.
 */
export const placeholders = {
  title: { customer: false, means: 'the headline that Belay would write' },
  text: { customer: false, means: 'one or two sentences: what happened and why' },
  facts: { customer: false, means: 'on a line of its own: all labels and values that Belay would show' },
  next: { customer: false, means: 'what happens next, and what to type' },
  time: { customer: true, means: 'when it happened, in UTC' },
  target: { customer: false, means: 'the target' },
  environment: { customer: false, means: '`environment` of belay.yaml' },
  incident: { customer: false, means: 'the id of the incident' },
  status: { customer: false, means: 'how the incident stands: open, waiting for approval, rolling back, proving recovery, needs a person, recovered, closed' },
  severity: { customer: false, means: 'of the worst alert' },
  alert: { customer: false, means: 'the worst alert, with its summary' },
  value: { customer: false, means: 'its newest value against the condition' },
  query: { customer: false, means: 'what was asked' },
  since: { customer: true, means: 'when the trouble began, in UTC' },
  duration: { customer: true, means: 'for how long it has lasted, or had' },
  reason: { customer: false, means: 'why it is rolled back, in a sentence' },
  impact: { customer: false, means: 'what fires: value against condition, each alert once' },
  level: { customer: false, means: 'number and name, such as `3 (code)`' },
  type: { customer: false, means: '`code`, `feature flag` …' },
  plan: { customer: false, means: 'the id of the plan' },
  by: { customer: false, means: 'who started the rollback: a person, or Belay and the alert' },
  lead: { customer: false, means: 'who has said that they look after it, or started or approved it last' },
  eta: { customer: false, means: 'when the plan should have ended, by its `estimatedDuration`' },
  within: { customer: true, means: 'how long that is from now, in words: `10 minutes`' },
  steps: { customer: false, means: 'the steps and how each stands' },
  done: { customer: false, means: 'the rollbacks so far and what came of them' },
  verification: { customer: false, means: 'what must hold, and for how long, before it counts as recovered' },
  service: { customer: true, means: 'the target as customers call it (`notify.customers.services`)' },
} as const satisfies Record<string, { readonly customer: boolean; readonly means: string }>;

export type Placeholder = keyof typeof placeholders;
/** What each stands for in one message; what has no value is absent. */
export type PlaceholderValues = Readonly<Partial<Record<Exclude<Placeholder, 'facts'>, string>>>;

export function isPlaceholder(name: string): name is Placeholder {
  return Object.hasOwn(placeholders, name);
}

/** Those that may stand in a template for these readers. */
export function placeholdersFor(audience: Audience): readonly Placeholder[] {
  return (Object.keys(placeholders) as Placeholder[]).filter((name) => audience === 'internal' || placeholders[name].customer);
}
