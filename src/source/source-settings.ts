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

export type SourceSettings = PrometheusSettings | ScrapeSettings;

/** A target's health endpoint. */
export interface HealthSettings {
  readonly target: string;
  readonly url: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly headers: Labels;
  readonly expect: HttpExpectation;
}
