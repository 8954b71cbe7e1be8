import type { Config } from '../config/config.js';
import { checkExpectation, type Failure } from './check-expectation.js';
import { runScenario } from './run-scenario.js';
import type { Scenario } from './scenario.js';
import { timelineOf, type TimelineLine } from './timeline.js';

/** How a scenario came out: well, when nothing is amiss. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly ok: boolean;
  readonly failures: readonly Failure[];
  /** Errors inside of Belay and refused actions, which fail a scenario whatever it expects. */
  readonly faults: readonly string[];
  readonly timeline: readonly TimelineLine[];
}

/** Runs a scenario and holds it against what it expects. Rejects as `runScenario` does. */
export async function testScenario(scenario: Scenario, config: Config): Promise<ScenarioResult> {
  const run = await runScenario(scenario, config);
  const failures = scenario.expectations.flatMap((expectation) => checkExpectation(expectation, run) ?? []);
  return { scenario, ok: failures.length === 0 && run.faults.length === 0, failures, faults: run.faults, timeline: timelineOf(run) };
}
