import type { Person } from '../decision/approval-need.js';
import type { Policy } from '../decision/policy.js';
import type { Target } from '../decision/target.js';
import type { Drill } from '../drill/drill.js';
import type { Bindings } from '../executor/bindings.js';
import type { PluginManifest } from '../executor/plugin/plugin-manifest.js';
import type { EscalationStep } from '../guard/escalation.js';
import type { SilenceSettings } from '../guard/silencer.js';
import type { NotifySettings } from '../notify/notify-settings.js';
import type { ImpactMeasure } from '../report/measured-impact.js';
import type { RetentionSettings } from '../retention/retention.js';
import type { RollbackPlan } from '../rollback/rollback-plan.js';
import type { Labels } from '../source/sample.js';
import type { SharedFateRule } from '../source/shared-fate.js';
import type { HealthSettings, SourceSettings } from '../source/source-settings.js';
import type { Mode, Trigger } from '../trigger/trigger.js';
import type { VerificationSpec } from '../verification/verification.js';

export type Role = 'viewer' | 'operator' | 'approver' | 'admin' | 'webhook';

export interface HttpSettings {
  readonly host: string;
  readonly port: number;
  /** Absolute paths. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string | undefined } | undefined;
  readonly tokens: readonly { readonly name: string; readonly role: Role; readonly token: string }[];
}

export interface ReportSettings {
  /** Absolute; absent where no reports are written. */
  readonly directory?: string | undefined;
  readonly impact: readonly ImpactMeasure[];
}

/** Where a watchdog outside hears of the daemon. */
export interface HeartbeatSettings {
  readonly url: string;
  readonly headers: Labels;
  readonly everyMs: number;
  readonly timeoutMs: number;
}

/** Everything that the files say, checked, complete and frozen. Paths are absolute. */
export interface Config {
  /** The belay.yaml it came from; relative paths in it are relative to its directory. */
  readonly file: string;
  readonly directory: string;
  readonly environment: string;
  readonly mode: Mode;
  readonly storePath: string;
  readonly http: HttpSettings;
  readonly sources: readonly SourceSettings[];
  readonly health: readonly HealthSettings[];
  readonly sharedFate: SharedFateRule | 'never';
  readonly targets: readonly Target[];
  /** By target: what Alertmanager is told while it is rolled back. */
  readonly silences: ReadonlyMap<string, SilenceSettings>;
  /** By target: who is called when nobody answers, soonest first; of every target. */
  readonly escalations: ReadonlyMap<string, readonly EscalationStep[]>;
  readonly triggers: readonly Trigger[];
  readonly plans: readonly RollbackPlan[];
  /** By plan id; every plan with a target has one. */
  readonly verifications: ReadonlyMap<string, VerificationSpec>;
  readonly bindings: Bindings;
  readonly plugins: readonly PluginManifest[];
  readonly notify: NotifySettings;
  readonly policy: Policy;
  readonly reports: ReportSettings;
  readonly drills: readonly Drill[];
  readonly heartbeat?: HeartbeatSettings | undefined;
  readonly retention: RetentionSettings;
  readonly people: readonly Person[];
}
