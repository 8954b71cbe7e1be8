import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { IncidentReport } from './incident-report.js';
import { readReportFields, type ReportFields } from './report-fields.js';
import { reportHtml } from './report-html.js';
import { reportMarkdown } from './report-markdown.js';

/** Reports as files: a Markdown file that people go on writing, and a page beside it. */
export class ReportFolder {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Where the Markdown report of an incident stands, or will stand. */
  pathOf(incident: { readonly id: string; readonly target: string; readonly openedAt: number }): string {
    const day = new Date(incident.openedAt).toISOString().slice(0, 10);
    const safe = (text: string): string => text.replaceAll(/[^\w.-]+/g, '-').slice(0, 80);
    return join(this.#directory, `${day}-${safe(incident.target)}-${safe(incident.id)}.md`);
  }

  /** What people have written into a report so far; nothing where there is none yet. */
  async fieldsIn(path: string): Promise<ReportFields> {
    try {
      return readReportFields(await readFile(path, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw error;
    }
  }

  /** Writes both files anew and keeps what people have written. Resolves to the path of the Markdown file. */
  async write(report: IncidentReport, path: string): Promise<string> {
    await mkdir(this.#directory, { recursive: true });
    const fields = await this.fieldsIn(path);
    await replace(path, reportMarkdown(report, fields));
    await replace(path.replace(/\.md$/, '.html'), reportHtml(report, fields));
    return path;
  }
}

/** A reader never sees half a file. */
async function replace(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, text);
  await rename(draft, path);
}
