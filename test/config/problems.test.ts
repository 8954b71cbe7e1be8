import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load-config.js';
import { deploymentBindingSchema } from '../../src/executor/deployment/deployment-bindings.js';
import { configFolder, goodFiles } from '../support/config-folder.js';
import { expectProblems } from '../support/config-problems.js';

/** What is written, with a ► where each problem is expected, and the problems in the order of the files. */
type Case = readonly [title: string, files: Readonly<Record<string, string>>, ...problems: readonly string[]];

const EMPTY = { 'rules/checkout.yaml': '►# none yet\n', 'plans/checkout.yaml': '►' };
const RATE = 'signal: { type: errorRate, metric: requests_total, errors: { status: "5.." } }';
const FOR = 'for: 5m';
const LEVEL = 'level: 1';

const deploymentTypes = deploymentBindingSchema.options.map(({ shape }) => shape.type.value).join(', ');

const belay = (text: string): Record<string, string> => ({ 'belay.yaml': text });
/** The good belay.yaml with more at its end. */
const moreBelay = (text: string): Record<string, string> => belay(goodFiles['belay.yaml'] + text);
const triggers = (text: string): Record<string, string> => ({ 'rules/checkout.yaml': `target: checkout\ntriggers:\n${text}` });
/** One trigger of these lines. */
const trigger = (...lines: string[]): Record<string, string> => triggers(`  - name: Errors\n${lines.map((line) => `    ${line}\n`).join('')}`);
const plans = (text: string): Record<string, string> => ({ 'plans/checkout.yaml': text });
const PLAN_HEAD = 'id: flag-off\nname: Flag off\ntarget: checkout\nlevel: 1\n';
/** The good plan with one other step. */
const step = (...lines: string[]): Record<string, string> => plans(`${PLAN_HEAD}steps:\n  - id: one\n    name: One\n    timeout: 10\n${lines.map((line) => `    ${line}\n`).join('')}`);
const STEP = '{ id: a, name: A, type: wait, parameters: { duration: 1s }, timeout: 5 }';

/** The good belay.yaml with other people and channels. */
const routes = (text: string): Record<string, string> =>
  belay(`${goodFiles['belay.yaml'].replace(/notify:[^]*/, '')}people:
  ana: { email: ana@example.com, slack: U1, groups: [oncall] }
  bo: { groups: [silent] }
notify:
  slack: { token: xoxb-token, channel: "#incidents" }
  webhook: [ { name: pager, url: "https://pager.example.com" } ]
  ${text}`);

const ofNotify: readonly Case[] = [
  [
    'routes that lead nowhere',
    routes(`routes:
    - { target: ►checkuot, to: [slack, "#shop", pager, webhook, oncall, ►oncal] }
    - { to: ►ops@example.com }
    - { to: [►silent] }
`),
    'error: there is no target "checkuot" (notify.routes[0].target)\n  hint: did you mean "checkout"?',
    'error: nobody and no channel is called "oncal" (notify.routes[0].to[5])\n  hint: did you mean "oncall"?',
    'error: "ops@example.com" takes mail, and mail is not configured (notify.routes[1].to)\n  hint: add notify.email',
    'error: nobody of "silent" can be reached: there is neither an address with notify.email nor a user with notify.slack (notify.routes[2].to[0])\n  hint: add email or slack to the person',
  ],
  [
    'people who must hear of something and cannot',
    routes(`required:
    - { target: checkout, trigger: [Errors, ►Erors], to: [oncall, "#shop", ►nobody] }
    - { severity: critical, environment: elsewhere, to: ►silent }
    - { kind: recovered, to: [►bo, ►legal@example.com] }
    - { target: ►checkuot, to: ana }
`),
    'error: there is no trigger "Erors" (notify.required[0].trigger[1])\n  hint: did you mean "Errors"?',
    'error: nobody and no channel is called "nobody" (notify.required[0].to[2])\n  hint: known, besides #channels of Slack and addresses: slack, pager, ana, oncall, bo, silent',
    'error: bo of "silent" must hear of this and cannot be reached: there is neither an address with notify.email nor a user with notify.slack (notify.required[1].to)\n  hint: add email or slack under people.bo, and the channel that it is for under notify',
    'error: bo must hear of this and cannot be reached: there is neither an address with notify.email nor a user with notify.slack (notify.required[2].to[0])\n  hint: add email or slack under people.bo, and the channel that it is for under notify',
    'error: "legal@example.com" takes mail, and mail is not configured (notify.required[2].to[1])\n  hint: add notify.email',
    'error: there is no target "checkuot" (notify.required[3].target)\n  hint: did you mean "checkout"?',
  ],
  [
    'routes that no message takes, and a target without any',
    {
      ...belay(
        routes(`►routes:
    - { severity: [critical, high], target: checkout, to: slack }
    - { severity: medium, target: checkout, kind: firing, to: slack, continue: true }
    - ►{ severity: high, target: checkout, level: 3, to: pager }
    - { severity: medium, target: checkout, to: pager }
    - { environment: elsewhere, to: pager }
`)['belay.yaml']!.replace('targets:', 'targets:\n  cart: {}'),
      ),
      'rules/cart.yaml': goodFiles['rules/checkout.yaml'].replace('checkout', 'cart').replace('Errors', 'CartErrors').replace('level: 1', 'response: monitor'),
    },
    'warning: no route is for cart, so its messages go to every configured channel (notify.routes)\n  hint: if that is meant, say it by a last route without criteria: { to: [slack, email] }',
    'warning: no message ever takes this route: the routes before it take all that it is for (notify.routes[2])\n  hint: put it before them, or write continue: true at those',
  ],
];

const ofStepOrder: readonly Case[] = [
  [
    'conditions, groups, checklists and a budget that cannot be',
    plans(`${PLAN_HEAD}budget: ►quick
steps:
  - { id: a, name: A, type: wait, parameters: { duration: 1s }, timeout: 5, group: g, when: { ►triger: manual } }
  - { id: b, name: B, type: wait, parameters: { duration: 1s }, timeout: 5, when: { not: { level: ►6 } }, checklist: post }
  - { id: c, name: C, type: wait, parameters: { duration: 1s }, timeout: 5, when: { steps: { a: ►done } } }
`),
    'error: "quick" is not a duration: write it as Prometheus does (90s, 5m, 1h30m) (budget)',
    'error: unknown key "triger" (steps[0].when.triger)\n  hint: did you mean "trigger"?',
    'error: "level" must be a level from 1 to 5 (steps[1].when.not.level)',
    'error: "done" is not one of success, failed, skipped, or must be a list, not text (steps[2].when.steps.a)',
  ],
  [
    'steps that stand at the wrong place',
    plans(`${PLAN_HEAD}steps:
  - { id: a, name: A, type: wait, parameters: { duration: 1s }, timeout: 5, group: g }
  - { id: b, name: B, type: wait, parameters: { duration: 1s }, timeout: 5, ►when: { steps: { c: failed } } }
  - { id: c, name: C, type: wait, parameters: { duration: 1s }, timeout: 5, group: ►g, checklist: post }
  - { id: d, name: D, type: wait, parameters: { duration: 1s }, timeout: 5, checklist: ►pre }
`),
    'error: "c" is no step that has ended before this one (steps[1].when)',
    'error: the steps of the group "g" must stand beside each other (steps[2].group)',
    'error: what is checked before the rollback stands before all other steps (steps[3].checklist)',
  ],
];

const ofBelay: readonly Case[] = [
  [
    'drills of what is not there, at times that do not come',
    moreBelay(`people: { ana: { groups: [oncall] } }
drills:
  - { plan: ►flag-of, cron: "0 10 1 * *" }
  - { plan: flag-off, cron: ►monthly }
  - { plan: ►flag-off, cron: "0 10 1 * *", against: ►staging.yaml, settings: ►staging.env, target: ►checkout }
  - { backup: ►orders, cron: ►"0 0 29 2 1", target: ►checkot }
  - { communication: call, cron: "0 10 1 * *", timezone: ►Mars, recipients: [oncall, ►onkall] }
  - ►{ cron: "0 10 1 * *" }
  - { plan: ►flag-off, cron: "0 10 1 * *", settings: ►staging.env }
`),
    'error: there is no plan "flag-of" (drills[0].plan)\n  hint: did you mean "flag-off"?',
    'error: "monthly" is not a cron expression of five fields (expected 5 or 6 fields but got 1): write minute, hour, day of the month, month and day of the week, such as "0 18 * * 5" (drills[1].cron)',
    'error: another drill is of plan flag-off (drills[2].plan)\n  hint: one entry for each; its cron can name several times',
    'error: there is no file staging.yaml (drills[2].against)\n  hint: write the path of the belay.yaml of staging, from the folder of this one on',
    'error: staging.env cannot be read (ENOENT) (drills[2].settings)\n  hint: name a file of lines NAME=value, from the folder of this one on',
    'error: belongs to a drill of a backup (drills[2].target)',
    'error: there is no database "orders" (drills[3].backup)\n  hint: there is none in belay.yaml',
    'error: "0 0 29 2 1" names no day within eight years (drills[3].cron)',
    'error: there is no target "checkot" (drills[3].target)\n  hint: did you mean "checkout"?',
    'error: "timezone" is not a time zone: write a name such as Europe/Berlin or UTC (drills[4].timezone)',
    'error: there is no person or group "onkall" (drills[4].recipients[1])\n  hint: did you mean "oncall"?',
    'error: a drill is of one thing (this one has none): write plan: ID, backup: DATABASE or communication: NAME (drills[5])',
    'error: another drill is of plan flag-off (drills[6].plan)\n  hint: one entry for each; its cron can name several times',
    'error: belongs to a drill with "against" (drills[6].settings)',
  ],
  [
    'keys that are missing, misspelled or not known',
    { ...belay('►enviroment: test\ntargets:\n  ►other:\n    ►prority: high\n    ►health: { interval: 5s }\n►colour: red\nsharedFate: { moreThan: ►150%, ofAtLeast: ►1 }\nretention: { incidents: ►1h }\n'), ...EMPTY },
    'error: unknown key "enviroment" (enviroment)\n  hint: did you mean "environment"?',
    'warning: no trigger watches the target "other" (targets.other)\n  hint: add rules/other.yaml with target: other',
    'error: unknown key "prority" (targets.other.prority)\n  hint: did you mean "priority"?',
    'error: "url" is missing (targets.other.health.url)',
    'error: unknown key "colour" (colour)\n  hint: known here: environment, mode, store, http, sources, targets, featureFlags, deployments, configurations, databases, traffic, people, notify, policy, reports, drills, heartbeat, retention, sharedFate, plugins',
    'error: "150%" is not a share: write a percentage above 0% and up to 100% (sharedFate.moreThan)',
    'error: "ofAtLeast" must be at least 2 (sharedFate.ofAtLeast)',
    'error: "incidents" must be 1d or longer (retention.incidents)',
    'warning: the file is empty',
    'warning: the file is empty',
  ],
  [
    'values of the wrong type',
    moreBelay('store: ►5\npolicy: { maxRollbacks: { count: ►1.5 }, fleet: ►3, cooldown: ►30 }\n►deployments: [a]\n►databases:\n'),
    'error: "store" must be text, not a whole number (store)\n  hint: write it in quotes, so that it stays as it is written',
    'error: "count" must be a whole number, not a number (policy.maxRollbacks.count)',
    'error: "fleet" must be a map of keys and values, not a whole number (policy.fleet)',
    'error: 30 is not a duration: write it as Prometheus does (90s, 5m, 1h30m) (policy.cooldown)',
    'error: "deployments" must be a map of keys and values, not a list (deployments)',
    'error: "databases" is empty (databases)',
  ],
  [
    'choices, durations and addresses',
    moreBelay('mode: ►enforced\nhttp: { listen: ►here }\npolicy: { cooldown: ►"5 minutes", maxAutoLevel: ►6 }\ndeployments: { b: { type: ►ftp }, ►c: {} }\n'),
    'error: "enforced" is not one of enforce, dry-run, observe (mode)\n  hint: did you mean "enforce"?',
    'error: "here" is not an address: write host:port, such as 127.0.0.1:9797 or [::1]:9797 (http.listen)',
    'error: "5 minutes" is not a duration: write it as Prometheus does (90s, 5m, 1h30m) (policy.cooldown)',
    'error: "maxAutoLevel" must be a level from 1 to 5 (policy.maxAutoLevel)',
    `error: "ftp" is not one of ${deploymentTypes} (deployments.b.type)`,
    `error: "type" is missing (deployments.c.type)\n  hint: write one of ${deploymentTypes}`,
  ],
  ['a store that is not of this version', moreBelay('store: ►postgres://u@h/db\n'), 'error: "store" is a PostgreSQL address, which is not part of this version (store)\n  hint: write sqlite:PATH'],
  ['a store in memory', moreBelay('store: ►"sqlite::memory:"\n'), 'error: "store" must name a file, because what is only in memory is lost with a restart (store)'],
  ...['0.0.0.0:9797', ':9797', '[::]:9797', 'guard.example:9797'].map(
    (listen): Case => [
      `${listen} without tokens`,
      moreBelay(`http: { listen: ►"${listen}" }\n`),
      'error: an address that other machines reach needs tokens (http.listen)\n  hint: add http.auth.tokens: [ { name, role, token: "${env:NAME}" } ], or listen on 127.0.0.1',
    ],
  ),
  [
    'silences that no Alertmanager could keep',
    {
      ...belay('environment: test\nsources:\n  one: { type: alertmanager, url: "http://127.0.0.1:9093" }\n  two: { type: alertmanager, url: "http://127.0.0.1:9094" }\n  prom: { type: prometheus, url: "http://127.0.0.1:9090" }\ntargets:\n  ►a: { ►silence: { match: { service: a } } }\n  ►b: { silence: { source: ►prom, match: { service: b } } }\n  ►c: { silence: { source: one, ►match: {}, for: ►0 } }\n'),
      ...EMPTY,
    },
    'warning: no trigger watches the target "a" (targets.a)\n  hint: add rules/a.yaml with target: a',
    'error: "source" is missing: the Alertmanager that is quietened (targets.a.silence)\n  hint: known: one, two',
    'warning: no trigger watches the target "b" (targets.b)\n  hint: add rules/b.yaml with target: b',
    'error: there is no alertmanager source "prom" (targets.b.silence.source)\n  hint: known: one, two',
    'warning: no trigger watches the target "c" (targets.c)\n  hint: add rules/c.yaml with target: c',
    'error: "match" must name at least one label, such as { alertname: CheckoutDown } (targets.c.silence.match)',
    'error: 0 is not a duration: write it as Prometheus does (90s, 5m, 1h30m) (targets.c.silence.for)',
    'warning: the file is empty',
    'warning: the file is empty',
  ],
  [
    'versions that nobody can tell',
    {
      ...belay('environment: test\nsources:\n  prom: { type: prometheus, url: "http://127.0.0.1:9090" }\n  app: { type: scrape, url: "http://127.0.0.1:3000/metrics" }\ntargets:\n  ►a: { version: { source: ►app, expr: build_info, label: version } }\n  ►b: { version: { source: ►promm, expr: "build_info{►", label: ►app-version } }\n  ►c: { ►version: { source: prom, expr: build_info } }\npolicy: { goodAfter: ►soon }\n'),
      ...EMPTY,
    },
    'warning: no trigger watches the target "a" (targets.a)\n  hint: add rules/a.yaml with target: a',
    'error: a version is read from a Prometheus, and "app" is none (scrape) (targets.a.version.source)',
    'warning: no trigger watches the target "b" (targets.b)\n  hint: add rules/b.yaml with target: b',
    'error: there is no source "promm" (targets.b.version.source)\n  hint: did you mean "prom"?',
    'error: the expression ends too early: "}" is missing (targets.b.version.expr)',
    'error: "app-version" is not the name of a label (targets.b.version.label)',
    'warning: no trigger watches the target "c" (targets.c)\n  hint: add rules/c.yaml with target: c',
    'error: "label" is missing (targets.c.version.label)',
    'error: "soon" is not a duration: write it as Prometheus does (90s, 5m, 1h30m) (policy.goodAfter)',
    'warning: the file is empty',
    'warning: the file is empty',
  ],
  [
    'people who cannot be told apart, and groups that nobody belongs to',
    moreBelay('people:\n  ana: { slack: U1, groups: [oncall] }\n  bo: { slack: ►U1, groups: [dba] }\n  cy: { email: ►nobody, slack: ►"<@U2>", ►grups: [x] }\npolicy:\n  approvals:\n    level4: { allOf: [►oncal, dba] }\n'),
    'error: ana has the same user in Slack, so nobody could tell who answers (people.bo.slack)',
    'error: "email" must be an email address (people.cy.email)',
    'error: "slack" must be the id of a user in Slack, such as U012AB3CD (people.cy.slack)',
    'error: unknown key "grups" (people.cy.grups)\n  hint: did you mean "groups"?',
    'error: nobody belongs to the group "oncal" (policy.approvals.level4.allOf[0])\n  hint: did you mean "oncall"?',
  ],
  [
    'approvals that can never be reached',
    moreBelay('people:\n  ana: { slack: U1, groups: [oncall, dba] }\n  bo: { slack: ►U1, groups: [lead], role: viewer }\npolicy:\n  approvals:\n    level4: { ►allOf: [oncall, dba] }\n    level5: { anyOf: [oncall, lead], count: ►2 }\n    level3: { anyOf: [oncall], timeout: ►soon }\n    corruption: ►none\n    ►level6: { anyOf: [oncall] }\n    owner: { anyOf: [oncall], notify: [►owners] }\n    ►two: { allOf: [oncall], count: 2 }\n    level1: none\n    level2: { count: ►2 }\n'),
    'error: ana has the same user in Slack, so nobody could tell who answers (people.bo.slack)',
    'error: this can never be reached: with everybody who may approve there is still missing dba (policy.approvals.level4.allOf)\n  hint: one person stands for one group only; add people, or ask for fewer',
    'error: this can never be reached: with everybody who may approve there is still missing one of oncall or lead (policy.approvals.level5.count)\n  hint: one person stands for one group only; add people, or ask for fewer',
    'error: "soon" is not a duration: write 90s, 5m or 1h30m (policy.approvals.level3.timeout)',
    'error: "none" has a place under level1, level2, level3, level4, level5 only (policy.approvals.corruption)',
    'error: "level6" is no level (policy.approvals.level6)\n  hint: did you mean "level1"?',
    'error: nobody belongs to the group "owners" (policy.approvals.owner.notify[0])\n  hint: known: oncall, dba, lead',
    'error: "two" needs either allOf (one of each group), or anyOf with a count (policy.approvals.two)',
    'error: this can never be reached: with everybody who may approve there is still missing 1 more (policy.approvals.level2.count)\n  hint: one person stands for one group only; add people, or ask for fewer',
  ],
  [
    'an approval that is not there',
    { ...moreBelay('policy: { approvals: { corruption: {} } }\n'), ...trigger('source: app', RATE, 'condition: "> 10%"', FOR, LEVEL, 'approval: ►coruption'), ...plans(`${PLAN_HEAD}approval: ►data\nsteps: [${STEP}]\n`) },
    'error: there is no approval "coruption" (triggers[0].approval)\n  hint: did you mean "corruption"?',
    'error: there is no approval "data" (approval)\n  hint: known: corruption',
  ],
  [
    'tokens that cannot be told apart',
    moreBelay('http: { auth: { tokens: [ { name: a, role: viewer, token: 12345678a }, { name: ►a, role: ►root, token: ►12345678a }, { name: b, role: admin, token: ►short } ] } }\n'),
    'error: another token has the same name (http.auth.tokens[1].name)',
    'error: "root" is not one of viewer, operator, approver, admin, webhook (http.auth.tokens[1].role)',
    'error: another entry has the same token, so that nobody could tell them apart (http.auth.tokens[1].token)',
    'error: "token" must have at least 8 characters (http.auth.tokens[2].token)',
  ],
  [
    'a source with the name of the health endpoints',
    belay(goodFiles['belay.yaml'].replace('  prom:', '  ►health:')),
    'error: "health" is the name of the targets\' own endpoints (sources.health)\n  hint: give the source another name',
  ],
  [
    'references of bindings that no step gives',
    moreBelay('deployments: { shop: { type: command, deploy: [deploy, ►"--to=${verison}", "${service}"], current: [current, "${environment}"] } }\n'),
    'error: ${verison} is not a parameter of the step (deployments.shop.deploy[1])\n  hint: did you mean "version"?',
  ],
  ['a secret that is not there', moreBelay('http: { auth: { tokens: [ { name: a, role: viewer, token: ►"${env:NOPE}" } ] } }\n'), 'error: ${env:NOPE}: this environment variable is not set (http.auth.tokens[0].token)'],
  ['a target that nothing watches', belay(goodFiles['belay.yaml'].replace('targets:\n', 'targets:\n  ►quiet: {}\n')), 'warning: no trigger watches the target "quiet" (targets.quiet)\n  hint: add rules/quiet.yaml with target: quiet'],
];

const ofRules: readonly Case[] = [
  ['a target that is not declared', { 'rules/other.yaml': goodFiles['rules/checkout.yaml'].replace('checkout', '►chekout').replace('Errors', 'Others').replace('level: 1', 'response: monitor') }, 'error: there is no target "chekout" (target)\n  hint: did you mean "checkout"?'],
  ['a source that is not declared', trigger('source: ►prmo', RATE, 'condition: "> 1%"', FOR, LEVEL), 'error: there is no source "prmo" (triggers[0].source)\n  hint: did you mean "prom"?'],
  ['no source where there are several', triggers(`  - ►name: Errors\n    ${RATE}\n    condition: "> 1%"\n    for: 5m\n    level: 1\n`), 'error: "source" is missing (triggers[0])\n  hint: write one of prom, app, health'],
  [
    'all that a trigger can lack',
    triggers('  - ►►►►►source: app\n'),
    'error: "name" is missing (triggers[0].name)',
    'error: needs either "expr" or "signal" (triggers[0])',
    'error: "condition" is missing (triggers[0])\n  hint: write a comparison such as "> 10%"',
    'error: "for" is missing (triggers[0])\n  hint: write how long the breach must last, such as 5m, or { consecutive: 4 }',
    'error: needs one of "level", "levels" and "plan" (triggers[0])\n  hint: or policy.matrix in belay.yaml, which says it for many; or response: monitor, to tell people only',
  ],
  ['a name that is taken in another file', { 'rules/other.yaml': goodFiles['rules/checkout.yaml'].replace('Errors', '►Errors') }, 'error: another trigger has the name "Errors" (rules/checkout.yaml:3) (triggers[0].name)\n  hint: names are unique over all files'],
  ['PromQL for a scraped endpoint', trigger('source: app', '►expr: up', 'condition: "== 0"', FOR, LEVEL), 'error: a scrape source answers signals, not PromQL (triggers[0].expr)\n  hint: write signal: { type: …, metric: … } instead, or ask a prometheus source'],
  [
    'windows',
    triggers(
      ['for: ►5 minutes', 'for: ►5', 'for: { consecutive: ►0 }', '►for: { ►consecutiv: 3 }']
        .map((window, index) => `  - name: T${index}\n    source: app\n    ${RATE}\n    condition: "> 1%"\n    response: monitor\n    ${window}\n`)
        .join(''),
    ),
    'error: "5 minutes" is not a duration: write it as Prometheus does (90s, 5m, 1h30m) (triggers[0].for)',
    'error: "for" must be a duration such as 5m, { consecutive: 4 } or { for: 5m, atLeast: 80% } (triggers[1].for)',
    'error: "consecutive" must be at least 1 (triggers[2].for.consecutive)',
    'error: "for" needs either consecutive, or for and atLeast (triggers[3].for)',
    'error: unknown key "consecutiv" (triggers[3].for.consecutiv)\n  hint: did you mean "consecutive"?',
  ],
  ['a condition without a comparison', trigger('source: app', RATE, 'condition: ►10%', FOR, LEVEL), 'error: "10%" is not a condition: write a comparison (> >= < <= == !=) and a threshold, such as "> 10%" or ">= 5s" (triggers[0].condition)'],
  ['a percentage beyond everything', trigger('source: app', RATE, 'condition: ►"> 110%"', FOR, LEVEL), 'error: "> 110%" can never hold: an error rate is between 0% and 100% (triggers[0].condition)'],
  ['a condition that always holds', trigger('source: app', RATE, 'condition: ►">= 0%"', FOR, LEVEL), 'error: ">= 0%" always holds: an error rate is between 0% and 100% (triggers[0].condition)'],
  ['a percentage without its sign', trigger('source: app', RATE, 'condition: ►"> 10"', FOR, LEVEL), 'error: an error rate is a share of 1, so "> 10" means 1000% (triggers[0].condition)\n  hint: write "> 10%"'],
  ['a latency in percent', trigger('source: app', 'signal: { type: latency, metric: seconds, quantile: 0.95 }', 'condition: ►"> 10%"', FOR, LEVEL), 'error: a latency cannot be held against "> 10%" (triggers[0].condition)\n  hint: write a duration (5s) or a plain number'],
  ['hysteresis the wrong way round', trigger('source: app', RATE, 'condition: { above: 10%, clear: ►20% }', FOR, LEVEL), 'error: "clear" is on the wrong side: "> 10%" holds there (triggers[0].condition.clear)\n  hint: it must not be higher than "above"'],
  [
    'signals',
    trigger('source: app', 'signal: { type: errorRate, metric: ►\'x{a="b"}\', select: { ►a-b: c, d: ►"(" }, ►errors: {} }', 'condition: "> 1%"', FOR, LEVEL),
    'error: "x{a="b"}" is not the name of a metric (triggers[0].signal.metric)\n  hint: labels go under "select"',
    'error: "a-b" is not the name of a label (triggers[0].signal.select.a-b)',
    'error: "(" is not a regular expression (triggers[0].signal.select.d)\n  hint: put a backslash before characters that stand for themselves',
    'error: "errors" selects everything (triggers[0].signal.errors)\n  hint: name the labels, such as { status: "5.." }',
  ],
  [
    'health without an endpoint, with a question, the wrong way round',
    { ...belay(goodFiles['belay.yaml'].replace(/ {4}health: .*\n/, '    owners: [payments]\n')), ...trigger('source: ►health', '►expr: up', 'condition: ►"== 1"', FOR, LEVEL) },
    'error: the target "checkout" has no health endpoint (triggers[0].source)\n  hint: add "health" to it in belay.yaml',
    'error: "expr" has no place with source: health, which asks the target\'s own endpoint (triggers[0].expr)\n  hint: take it out',
    'error: "== 1" holds when the endpoint is healthy (1) (triggers[0].condition)\n  hint: write "== 0"',
  ],
  ['levels from high to low', trigger('source: app', RATE, 'condition: "> 1%"', FOR, '►levels: [3, 1]'), 'error: the levels run from 3 down to 1 (triggers[0].levels)\n  hint: write [1, 3]'],
  ['several answers to what to do', trigger('source: app', RATE, 'condition: "> 1%"', FOR, LEVEL, '►plan: flag-off'), 'error: "level" and "plan" exclude each other (triggers[0].plan)\n  hint: keep one'],
  ['a schedule without its delay', trigger('source: app', RATE, 'condition: "> 1%"', FOR, LEVEL, 'response: ►scheduled'), 'error: "delay" is missing: after what time it starts (triggers[0].response)\n  hint: such as delay: 30m'],
  ['a delay without a schedule', trigger('source: app', RATE, 'condition: "> 1%"', FOR, LEVEL, '►delay: 30m'), 'error: "delay" has a place with response: scheduled only (triggers[0].delay)\n  hint: take it out, or write response: scheduled'],
  ['levels without a plan', trigger('source: app', RATE, 'condition: "> 1%"', FOR, '►levels: [2, 4]'), 'error: no plan for levels 2-4 of checkout (triggers[0].levels)\n  hint: add a plan with target: checkout and level: 2, or write response: monitor to tell people only'],
  ['a plan that is not there', trigger('source: app', RATE, 'condition: "> 1%"', FOR, 'plan: ►flag-of'), 'error: there is no plan "flag-of" (triggers[0].plan)\n  hint: did you mean "flag-off"?'],
  ['an annotation that refers to nothing', trigger('source: app', RATE, 'condition: "> 1%"', FOR, LEVEL, 'annotations: { summary: "at ${value} of ►${labels} in ${labels.zone}" }'), 'error: ${labels} refers to nothing (triggers[0].annotations.summary)\n  hint: known here: ${value}, ${labels.NAME}'],
];

const DATABASES = `databases:
  shop: { type: postgres, url: "postgres://u@h/shop", backups: { directory: /backups, maxAge: 26h } }
  young: { type: postgres, url: "postgres://u@h/shop", backups: { directory: /backups } }
  schema: { type: migrations, tool: dbmate, url: "postgres://u@h/shop", backups: none }
  uploads: { type: files, directory: uploads, backups: { directory: /backups, maxAge: any } }
  cloud: { type: command, restore: [./r, "\${snapshotId}"], verify: [./v, "\${snapshotId}"], capture: [./c], undo: [./u, "\${captured}"] }
`;
const dataSteps = (...parameters: string[]): string => `steps:\n${parameters.map((written, index) => `  - { id: s${index}, name: S, type: data, timeout: 60, ${written} }\n`).join('')}`;

const ofRecoveryTime: readonly Case[] = [
  [
    'an alert that is kept firing for longer than a verification can wait',
    triggers(
      Object.entries({ Errors: 'level: 1, keepFiringFor: ►9m', JustInTime: 'level: 1, keepFiringFor: 8m', StartsNothing: 'response: monitor, keepFiringFor: 9m' })
        .map(([name, more]) => `  - { name: ${name}, source: app, ${RATE}, condition: "> 1%", ${FOR}, ${more} }\n`)
        .join(''),
    ),
    'warning: the alert ends 9m after it was seen to be clear, and plan "flag-off" (plans/checkout.yaml:1) then wants 2m without a breach within 10m: it can hardly ever count as recovered (triggers[0].keepFiringFor)\n  hint: shorten keepFiringFor, or lengthen the timeout of the plan\'s verification',
  ],
  [
    'one whose plan waits for less than usual',
    { ...trigger('source: app', RATE, 'condition: "> 1%"', FOR, 'plan: flag-off', 'keepFiringFor: ►1m'), ...plans(`${PLAN_HEAD}steps: [${STEP}]\nverification: { hold: 30s, timeout: 1m }\n`) },
    'warning: the alert ends 1m after it was seen to be clear, and plan "flag-off" (plans/checkout.yaml:1) then wants 30s without a breach within 1m: it can hardly ever count as recovered (triggers[0].keepFiringFor)\n  hint: shorten keepFiringFor, or lengthen the timeout of the plan\'s verification',
  ],
];

const ofData: readonly Case[] = [
  [
    'databases that cannot be',
    moreBelay(`databases:
  ►one: { type: postgres, url: "postgres://u@h/shop" }
  two: { type: postgres, url: ►"mysql://u@h/shop", ►backups: {} }
  three: { type: migrations, tool: ►dbmat, url: "postgres://u@h/shop", backups: none }
  four: { type: migrations, tool: knex, url: "postgres://u@h/shop", backups: none, ►down: [./down] }
  fourth: { type: migrations, tool: knex, url: "postgres://u@h/shop", backups: ►nothing }
  ►five: { type: migrations, tool: command, url: "postgres://u@h/shop", backups: none }
  six: { type: sqlite, file: x.db, backups: { directory: /backups, maxAge: ►26, checksum: ►never, ►maxage: 1h } }
  ►seven: { type: command, restore: [./r], verify: [./v], undo: [./u] }
  eight: { type: ►mysql }
`),
    'error: "backups" is missing (databases.one.backups)',
    'error: "url" must begin with postgres:// (databases.two.url)',
    'error: "directory" is missing (databases.two.backups.directory)',
    'error: "dbmat" is not one of dbmate, knex, node-pg-migrate, prisma, sql, command (databases.three.tool)\n  hint: did you mean "dbmate"?',
    'error: "down" has a place with tool: command only; knex is asked by itself (databases.four.down)',
    'error: "nothing" is not none, or must be a map of keys and values, not text (databases.fourth.backups)',
    'error: the tool "command" needs status, down and up (databases.five)',
    'error: "maxAge" must be any, not 26, or write a duration in quotes or with its unit, such as 90s (databases.six.backups.maxAge)',
    'error: "never" is not one of required, optional (databases.six.backups.checksum)',
    'error: unknown key "maxage" (databases.six.backups.maxage)\n  hint: did you mean "maxAge"?',
    'error: capture and undo belong together (databases.seven)',
    'error: "mysql" is not one of postgres, migrations, sqlite, files, command (databases.eight.type)',
  ],
  [
    'data steps that their database cannot carry out',
    {
      ...moreBelay(DATABASES),
      'plans/other.yaml': `id: x\nname: X\n${dataSteps(
        'parameters: { database: ►shpo, snapshotId: nightly }',
        '►parameters: { database: shop }',
        '►parameters: { database: shop, snapshotId: a, tables: { b: c } }',
        'parameters: { database: shop, ►migration: "20260101" }',
        'parameters: { database: schema, ►snapshotId: nightly }',
        'parameters: { database: uploads, ►tables: { users: nightly } }',
        'parameters: { database: shop, ►snapshotId: ../nightly }',
        'parameters: { database: shop, ►tables: { a.b.c: nightly } }',
        'parameters: { database: shop, ►tables: { users: --help } }',
        'parameters: { database: shop, snapshotId: ►5 }',
        '►parameters: { database: cloud, migration: m }',
        'parameters: { database: cloud, snapshotId: "${rollbackPoint.snapshotId}" }',
      ).replace('"${rollbackPoint.snapshotId}"', '"${labels.snapshot}"')}`,
    },
    'error: there is no database "shpo" (steps[0].parameters.database)\n  hint: did you mean "shop"?',
    'error: "parameters" needs one of snapshotId, tables and migration (steps[1].parameters)',
    'error: "parameters" needs one of snapshotId, tables and migration (steps[2].parameters)',
    'error: this entry of "databases" is of type postgres, which does not take migration (steps[3].parameters.migration)\n  hint: migrations are reversed by an entry of type migrations',
    'error: this entry of "databases" is of type migrations, which does not take snapshotId (steps[4].parameters.snapshotId)\n  hint: write migration',
    'error: this entry of "databases" is of type files, which does not take tables (steps[5].parameters.tables)\n  hint: write snapshotId',
    'error: "../nightly" cannot be a backup: write the plain name of one (letters, digits and . _ + = @ , -, beginning with none of these but _) (steps[6].parameters.snapshotId)',
    'error: "a.b.c" is no table: write table or schema.table (steps[7].parameters.tables)',
    'error: "--help" cannot be a backup: write the plain name of one (letters, digits and . _ + = @ , -, beginning with none of these but _) (steps[8].parameters.tables)',
    'error: "snapshotId": write it in quotes, so that it stays as it is written (steps[9].parameters.snapshotId)',
    'error: the entry of belay.yaml needs snapshotId, which this step does not give (steps[10].parameters)',
  ],
  [
    'backups of which nobody has said how old they may be',
    {
      ...moreBelay(DATABASES),
      'plans/checkout.yaml': `id: flag-off\nname: A\ntarget: checkout\nlevel: 1\ndependencies: [shared]\n${dataSteps('parameters: { database: ►young, snapshotId: n }', 'parameters: { database: shop, snapshotId: n }')}`,
      'plans/other.yaml': `- id: shared\n  name: X\n  steps: [ { id: a, name: A, type: data, timeout: 60, parameters: { database: ►young, snapshotId: n } } ]\n- id: by-hand\n  name: Y\n  steps: [ { id: a, name: A, type: data, timeout: 60, parameters: { database: ►young, snapshotId: n } } ]\n`,
    },
    'error: nobody has said how old a backup may be (steps[0].parameters.database)\n  hint: add rpo to the target "checkout", or backups.maxAge to the database "young", in belay.yaml',
    'error: nobody has said how old a backup may be ([0].steps[0].parameters.database)\n  hint: add rpo to the target "checkout", or backups.maxAge to the database "young", in belay.yaml',
    'error: nobody has said how old a backup may be, since no target with an rpo is meant ([1].steps[0].parameters.database)\n  hint: add backups.maxAge to the database "young" in belay.yaml, or write target: NAME in the plan',
  ],
  [
    'values in the middle of a body, and references that a step does not fill',
    {
      ...moreBelay('traffic:\n  gate: { type: http, set: { url: "http://g", body: ►"{\\"on\\": \\"${maintenance}\\"}" }, get: { url: "http://g" } }\n  queue: { type: command, set: [./q, "${worker}"], get: [./q] }\n'),
      'plans/other.yaml': 'id: x\nname: X\nsteps:\n  - { id: a, name: A, type: traffic, timeout: 5, ►parameters: { service: queue, maintenance: true } }\n',
    },
    'error: values would be put into the middle of a text here, whatever they hold (traffic.gate.set.body)\n  hint: write the body with its keys, so that values are put in as JSON',
    'error: the entry of belay.yaml needs worker, which this step does not give (steps[0].parameters)',
  ],
];

const MATRIX = (...rows: string[]): string => `${goodFiles['belay.yaml']}policy:\n  matrix:\n${rows.map((row) => `    - ${row}\n`).join('')}`;
const asksMatrix = (...lines: string[]): Record<string, string> => trigger('source: app', RATE, 'condition: "> 1%"', FOR, 'severity: high', ...lines);

const ofMatrix: readonly Case[] = [
  [
    'cells that are none, or too many',
    { ...asksMatrix(), ...belay(MATRIX('{ severity: ►urgent, level: 1 }', '{ impact: ►"> 5s", level: 1 }', '{ timeToFix: ►2h, level: 1 }', '►{ severity: low }', '►{ level: 1, fixForward: true }', '{ ►levels: [3, 1] }', '{ ►severty: low, level: 1 }')) },
    'error: "severity" must be one of critical, high, medium, low, or a list of them (policy.matrix[0].severity)',
    'error: "> 5s" is not an impact: write all, a share (50%), or a comparison such as "> 50%" (policy.matrix[1].impact)',
    'error: "2h" is not a comparison with a duration: write it as "> 1h" or "< 15m" (policy.matrix[2].timeToFix)',
    'error: entry 4 needs one of levels, level, plan and fixForward: true, which say what is done (policy.matrix[3])',
    'error: entry 5 needs one of levels, level, plan and fixForward: true, which say what is done (policy.matrix[4])',
    'error: "levels" must have the lower level first (policy.matrix[5].levels)',
    'error: unknown key "severty" (policy.matrix[6].severty)\n  hint: did you mean "severity"?',
  ],
  [
    'rows that can never match',
    {
      ...asksMatrix('impact: 20%', 'timeToFix: 20m'),
      ...belay(MATRIX('{ impact: ►"> 100%", level: 1 }', '{ timeToFix: ►"< 0s", level: 1 }', '{ severity: high, impact: "> 50%", level: 1 }', '{ severity: [high, low], impact: "<= 50%", level: 1 }', '►{ severity: high, impact: "> 10%", timeToFix: "> 1m", level: 1 }', '{ severity: high, level: 1 }', '►{ severity: high, issueType: performance, level: 1 }')),
    },
    'error: "> 100%" never holds (policy.matrix[0].impact)\n  hint: an impact is a share from 0% to 100%',
    'error: "< 0s" never holds (policy.matrix[1].timeToFix)\n  hint: a time to fix is longer than 0s',
    'error: row 5 can never match: rows 3, 4 take all that it would match (policy.matrix[4])\n  hint: put it before, or take it out',
    'error: row 7 can never match: row 6 takes all that it would match (policy.matrix[6])\n  hint: put it before, or take it out',
  ],
  [
    'rows that send where no plan stands',
    { ...belay(MATRIX('{ severity: high, impact: "> 50%", ►levels: [3, 5] }', '{ severity: low, ►levels: [2, 3] }', '{ severity: high, plan: ►flag-of }', '{ severity: high, level: 1 }')), ...triggers(`  - name: ►Errors\n    source: app\n    ${RATE}\n    condition: "> 1%"\n    ${FOR}\n    impact: { signal: { type: errorRate, metric: m, errors: { a: b } } }\n`) },
    'warning: no plan of any target stands there (policy.matrix[0].levels)',
    'warning: no plan of any target stands there (policy.matrix[1].levels)',
    'error: there is no plan "flag-of" (policy.matrix[2].plan)\n  hint: did you mean "flag-off"?',
    'error: no plan for levels 3-5 of checkout, where row 1 of the matrix (high, impact > 50%) may send Errors (triggers[0].name)\n  hint: add a plan with target: checkout and level: 3, or change the row',
  ],
  [
    'a trigger that no row can match, and one that says more than it is asked for',
    { ...belay(MATRIX('{ severity: critical, level: 1 }')), ...triggers(`  - ►name: Errors\n    source: app\n    ${RATE}\n    condition: "> 1%"\n    ${FOR}\n  - name: More\n    source: app\n    ${RATE}\n    condition: "> 2%"\n    ${FOR}\n    level: 1\n    ►issueType: performance\n`) },
    'warning: no row of policy.matrix can match this trigger, so it would only tell people (triggers[0])\n  hint: add a row, or write levels, or response: monitor',
    'warning: "issueType" says nothing beside "level", because the matrix is not asked (triggers[1].issueType)\n  hint: take one of them out',
  ],
  ['a matrix that nobody asks', moreBelay('policy:\n  ►matrix: [ { level: 1 } ]\n'), 'warning: no trigger asks the matrix: each has level, levels or plan, or only monitors (policy.matrix)'],
  [
    'an impact that cannot be asked for',
    { ...belay(MATRIX('{ level: 1 }')), ...triggers(`  - name: Errors\n    source: app\n    ${RATE}\n    condition: "> 1%"\n    ${FOR}\n    ►impact: sum(affected)\n  - name: Asked\n    source: prom\n    expr: up\n    condition: "< 1"\n    ${FOR}\n    impact: sum(affected►\n  - name: Health\n    source: health\n    ${FOR}\n    impact: ►up\n`) },
    'error: a scrape source answers signals, not PromQL (triggers[0].impact)\n  hint: write signal: { type: …, metric: … } instead, or ask a prometheus source',
    'error: the expression ends too early: ")" is missing (triggers[1].impact)',
    'error: this trigger has no source that could be asked for its impact (triggers[2].impact)\n  hint: write all, or a share such as 60%',
  ],
];

const ofPlans: readonly Case[] = [
  [
    'a rollback point of no target',
    { ...goodFiles, 'plans/other.yaml': `- id: lone\n  name: Lone\n  dependencies: [helper]\n  steps: [ { id: a, name: A, type: wait, timeout: 5, parameters: { duration: "►\${rollbackPoint.version}" } } ]\n- id: helper\n  name: Helper\n  steps: [ { id: a, name: A, type: wait, timeout: 5, parameters: { duration: "\${rollbackPoint.flags.new-checkout}" } } ]\n` },
    'error: ${rollbackPoint.version} has no value, because the plan has no target that could have a rollback point ([0].steps[0].parameters.duration)\n  hint: add target: NAME',
  ],
  [
    'dependencies that go in a circle or nowhere',
    plans(`- id: flag-off\n  name: A\n  target: checkout\n  level: 1\n  dependencies: [b, ►nope]\n  steps: [${STEP}]\n- id: b\n  name: B\n  dependencies: [c]\n  steps: [${STEP}]\n- id: c\n  name: C\n  dependencies: [►flag-off]\n  steps: [${STEP}]\n`),
    'error: there is no plan "nope" ([0].dependencies[1])\n  hint: known: flag-off, b, c',
    'error: plans depend on each other in a circle: flag-off → b → c → flag-off ([2].dependencies[0])',
  ],
  [
    'an id and a rung that are taken',
    { 'plans/other.yaml': goodFiles['plans/checkout.yaml'].replace('id: flag-off', 'id: ►flag-off').replace('level: 1', 'level: ►1') },
    'error: another plan has the id "flag-off" (plans/checkout.yaml:1) (id)',
    'error: another plan is on level 1 of checkout (plans/checkout.yaml:4) (level)\n  hint: keep one, or let every trigger of this level name its plan with "plan: ID"',
  ],
  ['a level without a target', { 'plans/other.yaml': `id: x\nname: X\nlevel: ►2\nsteps: [${STEP}]\n` }, 'error: a plan with a level needs a target (level)\n  hint: add target: NAME'],
  ['steps of one id', { 'plans/other.yaml': `id: x\nname: X\nsteps:\n  - ${STEP}\n  - ${STEP.replace('id: a', 'id: ►a')}\n` }, 'error: another step has the id "a" (line 4) (steps[1].id)'],
  ['a step type that is misspelled', { 'plans/other.yaml': `id: x\nname: X\nsteps:\n  - ${STEP.replace('wait', '►wiat')}\n` },
    'error: "wiat" is not one of feature-flag, deployment, data, configuration, traffic, notification, command, http, check, wait, approval (steps[0].type)\n  hint: did you mean "wait"?',
  ],
  [
    'parameters that are missing, misspelled, of the wrong type or unknown',
    step('type: deployment', '►parameters: { service: ►frontend, version: ►1.5, ►enviroment: x }'),
    'error: "environment" is missing (steps[0].parameters.environment)',
    'error: there is no deployment "frontend" (steps[0].parameters.service)\n  hint: there is none in "deployments" of belay.yaml',
    'error: "version": write it in quotes, so that it stays as it is written (steps[0].parameters.version)',
    'error: unknown key "enviroment" (steps[0].parameters.enviroment)\n  hint: did you mean "environment"?',
  ],
  ['flags of a provider that is not there', step('type: feature-flag', 'parameters: { flagKey: a, targetState: off, provider: ►defualt }'), 'error: there is no provider of flags "defualt" (steps[0].parameters.provider)\n  hint: did you mean "default"?'],
  [
    'a configuration that cannot do what is asked',
    { ...moreBelay('configurations: { env: { type: file, path: .env }, repo: { type: git, repo: ., paths: [a] } }\n'), 'plans/other.yaml': 'id: x\nname: X\nsteps:\n  - { id: a, name: A, type: configuration, timeout: 5, parameters: { service: env, ►configVersion: v1 } }\n  - { id: b, name: B, type: configuration, timeout: 5, parameters: { service: repo, ►configItems: { a: 1 } } }\n' },
    'error: this configuration is a plain file, which has no versions (steps[0].parameters.configVersion)\n  hint: write configItems, or keep the configuration in git',
    'error: this configuration has no file for single items (steps[1].parameters.configItems)\n  hint: add itemsFile to it in belay.yaml, or write configVersion',
  ],
  [
    'a scope that is none',
    step('type: feature-flag', 'parameters: { flagKey: a, targetState: off, ►scope: beta }'),
    'error: the scope is "beta", and can be global or segment (steps[0].parameters.scope)',
  ],
  [
    'segments, revisions and keys that cannot be meant',
    {
      ...moreBelay('configurations:\n  store: { type: etcd, endpoints: ["http://127.0.0.1:2379"], prefix: /shop/ }\n  listed: { type: etcd, endpoints: ["http://127.0.0.1:2379"], prefix: /shop/, keys: [rps] }\n'),
      'plans/other.yaml': `id: x\nname: X\nsteps:\n${[
        'feature-flag, timeout: 5, parameters: { flagKey: a, targetState: off, ►scope: segment }',
        'feature-flag, timeout: 5, parameters: { flagKey: a, targetState: off, ►segment: beta }',
        'configuration, timeout: 5, parameters: { service: store, ►configVersion: v1 }',
        'configuration, timeout: 5, parameters: { service: store, ►configVersion: previous }',
        'configuration, timeout: 5, parameters: { service: listed, configVersion: previous }',
        'configuration, timeout: 5, parameters: { service: listed, ►configItems: { rsp: 1 } }',
      ].map((rest, index) => `  - { id: s${index}, name: S, type: ${rest} }\n`).join('')}`,
    },
    'error: scope: segment needs a segment, the name of the one that is meant (steps[0].parameters.scope)',
    'error: segment: beta needs scope: segment (steps[1].parameters.segment)',
    'error: "v1" is no version of etcd (steps[2].parameters.configVersion)\n  hint: write the number of a revision, or previous',
    'error: the previous values of which keys is not said (steps[3].parameters.configVersion)\n  hint: add keys to this configuration in belay.yaml, or write the number of a revision',
    'error: "rsp" is not among the keys of this configuration (steps[5].parameters.configItems)\n  hint: known: rps',
  ],
  [
    'references',
    step('type: feature-flag', 'parameters: { flagKey: "►${contex.environment} ${context.environment} ►${rollbackPoint.verison} ►${env:NOPE}", targetState: "${context.metadata.state}" }'),
    'error: ${contex.environment} begins with nothing known (available: context.…, labels.…, rollbackPoint.…, env:…, file:…); write $${ where the text ${ itself is meant (steps[0].parameters.flagKey)',
    'error: ${rollbackPoint.verison} is not known: a rollback point has version, at, configVersion, snapshotId, migration, flags (steps[0].parameters.flagKey)',
    'error: ${env:NOPE}: this environment variable is not set (steps[0].parameters.flagKey)',
  ],
  [
    'a message to somebody who is nobody',
    { ...moreBelay('people: { ana: { email: ana@example.com, groups: [oncall] } }\n'), ...step('type: notification', 'parameters: { recipients: [ana, oncall, dba@example.com, ►oncal, "${labels.team}"], channel: email, message: hi }') },
    'warning: "oncal" is nobody under "people", and no address (steps[0].parameters.recipients[3])\n  hint: did you mean "oncall"?',
  ],
  ['a message to a channel that is not configured', step('type: notification', 'parameters: { recipients: [a], channel: ►slack, message: hi }'), 'warning: belay.yaml has no notify.slack, so the message cannot go there (steps[0].parameters.channel)'],
  [
    'checks',
    plans(`${PLAN_HEAD}steps: [${STEP}]\nverification:\n  hold: ►20m\n  checks:\n    - { type: health, target: ►other }\n    - { type: query, source: ►nope, expr: "up{►", condition: "< 1" }\n    - { type: query, source: app, ►expr: up, condition: "< 1" }\n    - { type: http, url: ►"http://x/\${context.environment}" }\n    - { type: backup, database: ►shop-db, target: ►other }\n`),
    'error: "hold" is longer than "timeout", so nothing could ever count as recovered (verification.hold)',
    'error: there is no target "other" (verification.checks[0].target)\n  hint: known: checkout',
    'error: there is no source "nope" (verification.checks[1].source)\n  hint: known: prom, app',
    'error: the expression ends too early: "}" is missing (verification.checks[1].expr)',
    'error: a scrape source answers signals, not PromQL (verification.checks[2].expr)\n  hint: write signal: { type: …, metric: … } instead, or ask a prometheus source',
    'error: only ${env:NAME} and ${file:/path} can stand in a verification (verification.checks[3].url)',
    'error: there is no database "shop-db" (verification.checks[4].database)\n  hint: there is none in "databases" of belay.yaml',
    'error: there is no target "other" (verification.checks[4].target)\n  hint: known: checkout',
  ],
  [
    'plans that wait for an approver where nobody is one',
    {
      ...moreBelay('people: { eve: { role: viewer } }\nhttp: { auth: { tokens: [{ name: ci, role: operator, token: abcdefgh }] } }\n'),
      ...plans(['id: alone, target: checkout, level: ►4', 'id: pulled, target: checkout, level: ►1, dependencies: [alone]', 'id: by-hand, ►dependencies: [alone]', 'id: free, target: checkout, level: 2'].map((keys) => `- { name: N, ${keys}, steps: [${STEP}] }\n`).join('')),
    },
    ...['[0].level', '[1].level', '[2].dependencies'].map((path) => `warning: the plan takes the approval of one approver, and nobody may approve (${path})\n  hint: name somebody under "people" in belay.yaml, or a token of the role approver`),
  ],
  [
    'steps that ask people',
    {
      ...moreBelay('people: { ana: { groups: [oncall] } }\npolicy: { approvals: { corruption: { anyOf: [oncall], timeout: 5m } } }\n'),
      ...plans(`${PLAN_HEAD}steps:\n${['approval: ►coruption', '►allOf: [oncall, oncall]', 'anyOf: [►dba]', 'approval: corruption, anyOf: [oncall]', 'approval: corruption'].map((keys, index) => `  - { id: s${index}, name: S, type: approval, ${index === 3 ? '►' : ''}parameters: { ${keys} }, timeout: ${index === 4 ? '►10' : '30m'} }\n`).join('')}`),
    },
    'error: there is no approval "coruption" (steps[0].parameters.approval)\n  hint: did you mean "corruption"?',
    'error: "allOf" must not name a group twice (steps[1].parameters.allOf)',
    'error: nobody belongs to the group "dba" (steps[2].parameters.anyOf[0])\n  hint: known: oncall',
    'error: "parameters" needs either approval, or who must agree (steps[3].parameters)',
    'warning: the step ends after 10s, before the 5m are over that people have to answer (steps[4].timeout)',
  ],
  ['more beside a list of plans', plans(`plans:\n  - ${PLAN_HEAD.trim().replaceAll('\n', '\n    ')}\n    steps: [${STEP}]\n►target: checkout\n`), 'error: unknown key "target" (target)\n  hint: beside "plans" there is nothing else'],
];

describe('belay.yaml', () => {
  for (const [title, files, ...problems] of ofBelay) it(title, () => expectProblems(files, problems));
});
describe('rules', () => {
  for (const [title, files, ...problems] of [...ofRules, ...ofRecoveryTime]) it(title, () => expectProblems(files, problems));
});
describe('the matrix', () => {
  for (const [title, files, ...problems] of ofMatrix) it(title, () => expectProblems(files, problems));
});
describe('plans', () => {
  for (const [title, files, ...problems] of [...ofPlans, ...ofStepOrder, ...ofData, ...ofNotify]) it(title, () => expectProblems(files, problems));
});

it('finds nothing wrong where nothing is', async () => {
  await expect(loadConfig(configFolder(goodFiles), { env: {} })).resolves.toMatchObject({ ok: true, warnings: [] });
});

it('takes the rpo of the target for how old a backup may be', async () => {
  const files = { ...goodFiles, 'belay.yaml': goodFiles['belay.yaml'].replace('  checkout:\n', '  checkout:\n    rpo: 24h\n') + DATABASES, 'plans/checkout.yaml': `${PLAN_HEAD}${dataSteps('parameters: { database: young, snapshotId: n }')}` };
  await expect(loadConfig(configFolder(files), { env: {} })).resolves.toMatchObject({ ok: true, warnings: [] });
});

it('tells what is wrong in all files at once', async () => {
  await expectProblems(
    { ...moreBelay('mode: ►off\n'), ...trigger('source: ►nope', RATE, 'condition: ►10%', FOR, LEVEL), 'plans/other.yaml': `id: x\nname: X\ntarget: ►nowhere\nsteps: [${STEP}]\n` },
    [
      'error: "off" is not one of enforce, dry-run, observe (mode)',
      'error: there is no source "nope" (triggers[0].source)\n  hint: known: prom, app, health',
      'error: "10%" is not a condition: write a comparison (> >= < <= == !=) and a threshold, such as "> 10%" or ">= 5s" (triggers[0].condition)',
      'error: there is no target "nowhere" (target)\n  hint: known: checkout',
    ],
  );
});
