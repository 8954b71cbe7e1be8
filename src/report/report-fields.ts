/** What only people know: its heading in the report, and what is asked. The names are stable, because written reports hold them. */
export const reportFields = {
  'what-broke': 'What broke',
  'why-it-broke': 'Why it broke',
  'why-not-caught': 'Why it was not caught before',
  'users-affected': 'Users affected',
  'data-lost': 'Transactions lost, data corrupted',
  'revenue': 'Revenue impact',
  'customers-told': 'Customers told in other ways (phone, support: when, by whom)',
  'backup': 'Backup and data statement',
  'worked-well': 'What worked well',
  'to-improve': 'What to improve',
  'action-items': 'Action items (what, who, until when)',
} as const satisfies Record<string, string>;
export type ReportField = keyof typeof reportFields;
export type ReportFields = Readonly<Partial<Record<ReportField, string>>>;

const EMPTY = '…';

/** One field as it stands in a Markdown report. What a person writes between the two comments is theirs. */
export function fieldText(field: ReportField, fields: ReportFields): string {
  return `<!-- belay:${field} -->\n${fields[field] ?? EMPTY}\n<!-- /belay:${field} -->`;
}

/** What people have written into a Markdown report, so that writing it anew keeps it. */
export function readReportFields(markdown: string): ReportFields {
  const names = Object.keys(reportFields) as ReportField[];
  return Object.fromEntries(
    names.flatMap((field) => {
      const begin = `<!-- belay:${field} -->`;
      const from = markdown.indexOf(begin);
      const to = markdown.indexOf(`<!-- /belay:${field} -->`, from);
      if (from < 0 || to < 0) return [];
      const text = markdown.slice(from + begin.length, to).trim();
      return text === '' || text === EMPTY ? [] : [[field, text]];
    }),
  );
}
