import { basename, dirname, join, resolve } from 'node:path';
import { PluginHost } from '../executor/plugin/plugin-host.js';
import { defaultWording, type Wording } from '../notify/wording.js';
import { Redactor } from '../secret/redactor.js';
import type { SecretReader } from '../secret/secret-reader.js';
import { SystemSecretReader } from '../secret/system-secret-reader.js';
import { type BelayPart, readBelay } from './belay-part.js';
import { buildConfig } from './build-config.js';
import { checkApprovers } from './check-approvers.js';
import { checkBackupAges } from './check-backup-ages.js';
import { checkBelay } from './check-belay.js';
import { checkFilledIn } from './check-filled-in.js';
import { checkDrills } from './check-drills.js';
import { checkMatrix } from './check-matrix.js';
import { checkPlan } from './check-plan.js';
import { checkPlansTogether } from './check-plans-together.js';
import { checkRecoveryTime } from './check-recovery-time.js';
import { checkRequired } from './check-required.js';
import { checkRulesTogether } from './check-rules-together.js';
import { checkTrigger, sourceNameOf } from './check-trigger.js';
import type { Config } from './config.js';
import { declaredSecrets } from './declared-secrets.js';
import { loadPlugins } from './load-plugins.js';
import { planFormOf, type PlanPart, readPlans } from './plans-part.js';
import { type Path, type Problem, sortedProblems } from './problem.js';
import { readYaml, type TextReader } from './read-yaml.js';
import { readTemplates } from './read-templates.js';
import { readRules, type TriggerPart } from './rules-part.js';
import { SecretReferences } from './secret-references.js';
import { fileProblem, type FolderListing, readTextFile, yamlFilesIn } from './source-files.js';
import type { YamlDocument } from './yaml-document.js';

export interface LoadOptions {
  /** Where `${env:NAME}` is looked up, unless there is a `secretReader`; the process's own environment by default. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly secretReader?: SecretReader | undefined;
  /** Hears of every secret that is read; a daemon hands in the one that it writes with. */
  readonly redactor?: Redactor | undefined;
  /** What plugins are loaded by. */
  readonly pluginHost?: Pick<PluginHost, 'load'> | undefined;
}

/** `warnings` in the order of the files, with errors that the daemon gets over; `problems` holds errors and warnings alike, in that order. */
export type LoadResult =
  | { readonly ok: true; readonly config: Config; readonly warnings: readonly Problem[]; readonly redactor: Redactor }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly warnings: readonly Problem[]; readonly redactor: Redactor };

/**
 * Reads a belay.yaml with the folders `rules/` and `plans/` beside it. Whatever people write gives every problem of
 * all files at once, and never an exception; no problem holds a secret.
 */
export async function loadConfig(file: string, { env = process.env, secretReader = new SystemSecretReader(env), redactor = new Redactor(), pluginHost = new PluginHost() }: LoadOptions = {}): Promise<LoadResult> {
  const read = new FileReading(resolve(file), secretReader, redactor);
  const belay = await read.belay(pluginHost);
  const rules = await read.rules();
  const plans = await read.plans();
  const { directory } = read;
  const triggers = rules.documents.flatMap((document) => read.noting(readRules(document)).triggers);
  const planForm = planFormOf(belay);
  const planParts = plans.documents.flatMap(({ document, secrets }) => read.noting(readPlans(document, secrets, planForm)).plans);

  read.note([
    ...(belay === undefined ? [] : checkBelay(belay)),
    ...triggers.flatMap((trigger) => checkTrigger(trigger, belay)),
    ...planParts.flatMap((plan) => checkPlan(plan, belay)),
    ...(belay === undefined ? [] : checkBackupAges(planParts, belay)),
    ...checkPlansTogether(planParts, triggers, belay?.matrix ?? [], directory, plans.isComplete),
    ...checkRecoveryTime(triggers, planParts, directory),
    ...(belay === undefined ? [] : checkApprovers(planParts, belay)),
    ...(belay === undefined ? [] : checkRequired(belay, triggers, rules.isComplete)),
    ...(belay === undefined ? [] : checkDrills(belay, planParts, plans.isComplete)),
    ...(belay === undefined ? [] : checkMatrix(belay, triggers, planParts, { rulesComplete: rules.isComplete, plansComplete: plans.isComplete })),
    ...checkRulesTogether({ documents: rules.documents, triggers, plans: planParts, belay, directory, rulesComplete: rules.isComplete, plansComplete: plans.isComplete }),
  ]);
  const mode = belay?.value?.mode ?? 'enforce';
  for (const document of [...(belay === undefined ? [] : [belay.document]), ...rules.documents, ...plans.documents.map(({ document }) => document)]) read.note(checkFilledIn(document, mode));
  return read.result(belay, triggers, planParts, await read.wording(belay));
}

/** Reads the files and gathers what is wrong with them. */
class FileReading {
  readonly file: string;
  readonly directory: string;
  readonly #secretReader: SecretReader;
  readonly #redactor: Redactor;
  readonly #files: string[] = [];
  readonly #problems: Problem[] = [];

  constructor(file: string, secretReader: SecretReader, redactor: Redactor) {
    this.file = file;
    this.directory = dirname(file);
    this.#secretReader = secretReader;
    this.#redactor = redactor;
  }

  note(problems: readonly Problem[]): void {
    for (const problem of problems) this.#problems.push(problem);
  }

  noting<T extends { readonly problems: readonly Problem[] }>(read: T): T {
    this.note(read.problems);
    return read;
  }

  async belay(pluginHost: Pick<PluginHost, 'load'>): Promise<BelayPart | undefined> {
    const secrets = new SecretReferences(this.#secretReader, this.#redactor);
    const document = await this.#document(this.file, secrets.readText);
    if (document === undefined) return undefined;
    if (document.data === undefined) {
      this.note([fileProblem(this.file, 'is empty', 'write at least environment, sources and targets')]);
      return undefined;
    }
    const plugins = this.noting(await loadPlugins(document, pluginHost));
    return this.noting(readBelay(document, secrets, plugins)).belay;
  }

  async rules(): Promise<{ readonly documents: readonly YamlDocument[]; readonly isComplete: boolean }> {
    const { files, problems } = await this.#folder('rules');
    const documents: YamlDocument[] = [];
    for (const file of files) {
      const document = await this.#document(file);
      if (document !== undefined) documents.push(document);
    }
    return { documents, isComplete: documents.length === files.length && !problems.some(({ severity }) => severity === 'error') };
  }

  async plans(): Promise<{ readonly documents: readonly { readonly document: YamlDocument; readonly secrets: SecretReferences }[]; readonly isComplete: boolean }> {
    const { files, problems } = await this.#folder('plans');
    const documents: { document: YamlDocument; secrets: SecretReferences }[] = [];
    for (const file of files) {
      const secrets = new SecretReferences(this.#secretReader, this.#redactor);
      const document = await this.#document(file, (text, path, report) => (isInVerification(path) ? secrets.readText(text, path, report) : text));
      if (document !== undefined) documents.push({ document, secrets });
    }
    return { documents, isComplete: documents.length === files.length && !problems.some(({ severity }) => severity === 'error') };
  }

  /** The templates of messages that people have written. */
  async wording(belay: BelayPart | undefined): Promise<Wording> {
    const folder = belay?.value?.notify.templates;
    if (folder === undefined) return defaultWording;
    const { wording, problems, files } = await readTemplates(resolve(this.directory, folder));
    this.#files.push(...files);
    this.note(problems);
    return wording;
  }

  result(belay: BelayPart | undefined, triggers: readonly TriggerPart[], plans: readonly PlanPart[], wording: Wording): LoadResult {
    for (const secret of belay?.value === undefined ? [] : declaredSecrets(belay.value)) this.#redactor.add(secret);
    const clean = this.#problems.map((problem) => ({ ...problem, message: this.#redactor.text(problem.message), hint: problem.hint === undefined ? undefined : this.#redactor.text(problem.hint) }));
    const problems = sortedProblems(clean, this.#files);
    const warnings = problems.filter(({ severity, isTolerated }) => severity === 'warning' || isTolerated === true);
    if (belay?.value === undefined || warnings.length < problems.length) return { ok: false, problems, warnings, redactor: this.#redactor };
    const config = buildConfig({
      file: this.file,
      belay: belay.value,
      triggers: triggers.flatMap((part) => {
        const { target, value: trigger } = part;
        const source = sourceNameOf(part, belay.sources);
        return trigger === undefined || target === undefined || source === undefined ? [] : [{ target, source, trigger }];
      }),
      plans: plans.flatMap(({ value }) => value ?? []),
      plugins: belay.plugins,
      wording,
    });
    return { ok: true, config, warnings, redactor: this.#redactor };
  }

  async #folder(name: 'rules' | 'plans'): Promise<FolderListing> {
    return this.noting(await yamlFilesIn(join(this.directory, name)));
  }

  async #document(file: string, readText?: TextReader): Promise<YamlDocument | undefined> {
    this.#files.push(file);
    const { text, problem } = await readTextFile(file);
    if (problem !== undefined) {
      this.note([basename(file) === 'belay.yaml' ? { ...problem, hint: problem.hint ?? 'name another file with --config, or begin one with belay init' } : problem]);
      return undefined;
    }
    return this.noting(readYaml(file, text, readText)).document;
  }
}

/** Steps keep their references until they run; what verifies is asked by the sources, which know nothing of references. */
function isInVerification(path: Path): boolean {
  return path.slice(0, 3).includes('verification');
}
