import type { MessageKind } from './message.js';

/** Kinds that templates can word: what a plan says are its own words. */
export const wordedKinds = ['firing', 'decision', 'rollback-started', 'step-failed', 'over-budget', 'rollback-ended', 'recovered', 'not-recovered', 'needs-human', 'would-have', 'blind', 'seeing', 'approval', 'acknowledged', 'escalation', 'digest', 'drill', 'guard'] as const satisfies readonly MessageKind[];
export type WordedKind = (typeof wordedKinds)[number];

/** What customers are told of, and when. */
export const customerKinds = ['rollback-started', 'needs-human', 'recovered', 'closed'] as const;
export type CustomerKind = (typeof customerKinds)[number];

const asComposed = '${title}\n\n${text}\n\n${facts}\n\nNext: ${next}\n';

const rollbackStarted = `\${title}

target: \${target} (\${environment})
time: \${time}
reason: \${reason}
impact: \${impact}
level: \${level}, plan \${plan}
by: \${by}
ETA: \${eta}
lead: \${lead}
done: \${done}
steps: \${steps}
incident: \${incident}

Next: \${next}
`;

const rollbackEnded = `\${title}

\${text}

target: \${target} (\${environment})
type: \${type}, plan \${plan}
by: \${by}
reason: \${reason}
impact: \${impact}
status: \${status}
steps: \${steps}
to verify: \${verification}
lead: \${lead}
incident: \${incident}

Next: \${next}
`;

/** What Belay says where nobody has written a template. */
export const internalDefaults: Readonly<Record<WordedKind, string>> = {
  ...(Object.fromEntries(wordedKinds.map((kind) => [kind, asComposed])) as Record<WordedKind, string>),
  'rollback-started': rollbackStarted,
  'rollback-ended': rollbackEnded,
};

export const customerDefaults: Readonly<Record<CustomerKind, string>> = {
  'rollback-started': `Problems with \${service}

Since \${since} \${service} has not worked as it should for some of you. We have found a change that may be the cause and are taking it back.
We expect that to be done within \${within}.

You need not do anything. We will write again once we have seen that it works.
`,
  'needs-human': `We are still working on the problem with \${service}

What we have done so far has not mended it for certain. Our people are at work on it.
You need not do anything. We will write again once we have seen that it works.
`,
  recovered: `\${service} works again

Since \${time} \${service} works as it should. The trouble had lasted \${duration}.

You need not do anything. We are sorry, and will find out how it came to it.
`,
  closed: `\${service}: our work on the problem has ended

We have ended our work on the problem with \${service} that began at \${since}.
If something still does not work for you, please write to support.
`,
};
