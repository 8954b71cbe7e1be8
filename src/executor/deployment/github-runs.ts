import { z } from 'zod';
import { BelayError } from '../../fault/belay-error.js';
import type { GitHubApi } from './github-api.js';

const PAGE_SIZE = 100;
/** Beyond so many newer runs of one workflow, nobody looks for theirs. */
const MAX_PAGES = 10;

const runSchema = z.object({
  id: z.int(),
  html_url: z.string(),
  display_title: z.string().default(''),
  name: z.string().nullish(),
  /** `queued`, `waiting`, `pending`, `requested`, `in_progress`, `completed`. */
  status: z.string().nullable(),
  conclusion: z.string().nullable(),
});
export type WorkflowRun = z.infer<typeof runSchema>;
const runPageSchema = z.object({ total_count: z.int(), workflow_runs: z.array(runSchema) });
/** Since February 2026 GitHub names the run where it is asked to; before that, it answers 204 with nothing. */
const dispatchedSchema = z.object({ workflow_run_id: z.int() }).optional();
const RETURN_DETAILS = 'return_run_details';
const deploymentSchema = z.object({ id: z.int(), ref: z.string() });
const statusSchema = z.object({ state: z.string() });

/** The runs of one workflow of one repository that were dispatched, and the deployments that they make. */
export class GitHubRuns {
  readonly #api: GitHubApi;
  readonly #repository: readonly string[];
  readonly #workflow: string;

  constructor(api: GitHubApi, { owner, repo, workflow }: { readonly owner: string; readonly repo: string; readonly workflow: string }) {
    this.#api = api;
    this.#repository = ['repos', owner, repo];
    this.#workflow = workflow;
  }

  /** The id of the run, if GitHub tells it. */
  async dispatch(ref: string, inputs: Readonly<Record<string, string>>, signal: AbortSignal): Promise<number | undefined> {
    const path = [...this.#repository, 'actions', 'workflows', this.#workflow, 'dispatches'];
    const dispatch = async (wishes: Readonly<Record<string, true>>): Promise<number | undefined> =>
      (await this.#api.ask({ method: 'POST', path, body: { ref, inputs, ...wishes } }, dispatchedSchema, signal))?.workflow_run_id;
    try {
      return await dispatch({ [RETURN_DETAILS]: true });
    } catch (error) {
      // A GitHub Enterprise Server that does not know this wish has refused, and started nothing.
      if (!(error instanceof BelayError) || !error.message.includes(RETURN_DETAILS)) throw error;
      return await dispatch({});
    }
  }

  async run(id: number, signal: AbortSignal): Promise<WorkflowRun> {
    return await this.#api.ask({ method: 'GET', path: [...this.#repository, 'actions', 'runs', String(id)] }, runSchema, signal);
  }

  async cancel(id: number, signal: AbortSignal): Promise<void> {
    await this.#api.ask({ method: 'POST', path: [...this.#repository, 'actions', 'runs', String(id), 'cancel'] }, z.unknown(), signal);
  }

  /** Dispatched runs, newest first, down to the one with the id `after`. Ids only grow. */
  async newest(after: number, signal: AbortSignal): Promise<WorkflowRun[]> {
    const runs: WorkflowRun[] = [];
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const path = [...this.#repository, 'actions', 'workflows', this.#workflow, 'runs'];
      const query = { event: 'workflow_dispatch', per_page: String(PAGE_SIZE), page: String(page) };
      const { workflow_runs: found } = await this.#api.ask({ method: 'GET', path, query }, runPageSchema, signal);
      const newer = found.filter(({ id }) => id > after);
      runs.push(...newer);
      if (found.length < PAGE_SIZE || newer.length < found.length) break;
    }
    return runs;
  }

  /** The ref of the newest deployment to an environment that has succeeded. */
  async deployedRef(environment: string, signal: AbortSignal): Promise<string | undefined> {
    const path = [...this.#repository, 'deployments'];
    for (let page = 1; page <= MAX_PAGES; page += 1) {
      const found = await this.#api.ask({ method: 'GET', path, query: { environment, per_page: String(PAGE_SIZE), page: String(page) } }, z.array(deploymentSchema), signal);
      for (const { id, ref } of found) {
        const [status] = await this.#api.ask({ method: 'GET', path: [...path, String(id), 'statuses'], query: { per_page: '1' } }, z.array(statusSchema), signal);
        if (status?.state === 'success') return ref;
      }
      if (found.length < PAGE_SIZE) break;
    }
    return undefined;
  }
}
