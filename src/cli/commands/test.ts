import { writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import type { Command } from 'commander';
import { formatProblems, problemsJson } from '../../config/format-problems.js';
import type { Problem } from '../../config/problem.js';
import { BelayError, errorText } from '../../fault/belay-error.js';
import { junitXml, type FileResult } from '../../scenario/junit.js';
import { readScenarioFile, type ScenarioFile } from '../../scenario/read-scenario-file.js';
import { resultText } from '../../scenario/result-text.js';
import { testScenario, type ScenarioResult } from '../../scenario/scenario-result.js';
import { configFileOf } from '../context.js';
import { exitCodes, type ExitCode } from '../exit-code.js';
import { Output } from '../output.js';

interface TestOptions {
  readonly json?: boolean;
  readonly junit?: string;
  readonly run?: string;
}

type ReadFile = Extract<ScenarioFile, { ok: true }>;

/** `belay test FILE…`: rules and plans held against scenarios, by the product's own code and without any effect. */
export function testCommand(program: Command, done: (code: ExitCode) => void): void {
  program
    .command('test')
    .description('run scenario files: what the rules and plans would do in a world that is written down')
    .argument('<file...>', 'scenario files')
    .option('--run <name>', 'only the scenario of this name')
    .option('--junit <file>', 'write the results as JUnit XML as well')
    .option('--json', 'for scripts')
    .addHelpText('after', '\n--verbose prints what happened in every scenario. Exit code 1 when a scenario fails or a file is not valid.')
    .action(async (paths: readonly string[], options: TestOptions, command: Command) => {
      const files = await Promise.all(paths.map((path) => readScenarioFile(path, configFileOf(command))));
      const output = new Output();
      const problems = files.flatMap((file) => file.problems);
      const cwd = process.cwd();
      const sound = files.filter((file): file is ReadFile => file.ok);
      if (sound.length < files.length) {
        if (options.json === true) output.json({ ok: false, problems: problemsJson(problems, { cwd }) });
        else output.answer(formatProblems(problems, { cwd, color: output.colour }).trimEnd());
        done(exitCodes.bad);
        return;
      }
      const wanted = sound.map((file) => ({ ...file, scenarios: file.scenarios.filter(({ name }) => options.run === undefined || name === options.run) }));
      if (wanted.every(({ scenarios }) => scenarios.length === 0)) {
        throw new BelayError('wrong-use', `no scenario is named "${options.run ?? ''}"; there are: ${sound.flatMap(({ scenarios }) => scenarios.map(({ name }) => name)).join(', ')}`);
      }
      const { verbose = false } = command.optsWithGlobals<{ verbose?: boolean }>();
      const results = await runAll(wanted, (result) => {
        if (options.json !== true) output.answer(resultText(result, { paint: (style, text) => output.style(style, text), cwd, verbose }));
      });
      if (options.junit !== undefined) await writeJunit(options.junit, junitXml(results, cwd));
      const all = results.flatMap((file) => file.results);
      const failed = all.filter(({ ok }) => !ok).length;
      if (options.json === true) output.json(jsonOf(results, problems, cwd));
      else output.answer(failed === 0 ? `well: ${scenarioCount(all.length)}` : `${failed} of ${scenarioCount(all.length)} failed`);
      done(failed === 0 ? exitCodes.ok : exitCodes.bad);
    });
}

async function runAll(files: readonly ReadFile[], onResult: (result: ScenarioResult) => void): Promise<readonly FileResult[]> {
  const all: FileResult[] = [];
  for (const { file, scenarios, config } of files) {
    const results: ScenarioResult[] = [];
    for (const scenario of scenarios) {
      const result = await testScenario(scenario, config);
      results.push(result);
      onResult(result);
    }
    all.push({ file, results });
  }
  return all;
}

async function writeJunit(file: string, xml: string): Promise<void> {
  try {
    await writeFile(file, xml);
  } catch (cause) {
    throw new BelayError('wrong-use', `cannot write ${file}: ${errorText(cause)}`, { cause });
  }
}

function jsonOf(files: readonly FileResult[], problems: readonly Problem[], cwd: string): unknown {
  return {
    ok: files.every(({ results }) => results.every(({ ok }) => ok)),
    problems: problemsJson(problems, { cwd }),
    scenarios: files.flatMap(({ file, results }) =>
      results.map(({ scenario: { name }, ok, failures, faults, timeline }) => ({
        file: relative(cwd, file),
        name,
        ok,
        faults,
        failures: failures.map(({ expectation: { place }, expected, happened }) => ({ line: place.line, column: place.column, expected, happened })),
        timeline: timeline.map(({ ms, text }) => ({ atSeconds: ms / 1000, text })),
      })),
    ),
  };
}

function scenarioCount(count: number): string {
  return `${count} scenario${count === 1 ? '' : 's'}`;
}
