import type { HttpExpectation } from './check.js';
import type { Labels } from './sample.js';

interface HttpSourceSettings {
  readonly name: string;
  readonly url: string;
  readonly intervalMs: number;
  /** The deadline of one question, connecting included. */
  readonly timeoutMs: number;
  /** Sent with every request; for tokens. */
  readonly headers: Labels;
}

export interface PrometheusSettings extends HttpSourceSettings {
  readonly type: 'prometheus';
}

export interface ScrapeSettings extends HttpSourceSettings {
  readonly type: 'scrape';
}

export interface AlertmanagerSettings extends HttpSourceSettings {
  readonly type: 'alertmanager';
  /** How long after its start an Alertmanager is not believed that an alert does not fire: it has not heard of all of them yet. */
  readonly settleMs: number;
}

export type SourceSettings = PrometheusSettings | ScrapeSettings | AlertmanagerSettings;

/** A target's health endpoint. */
export interface HealthSettings {
  readonly target: string;
  readonly url: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly headers: Labels;
  readonly expect: HttpExpectation;
}
