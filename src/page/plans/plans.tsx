import type { JSX } from 'preact';
import { DrillList } from './drill-list.js';
import { PlanList } from './plan-list.js';
import { PlanPage } from './plan-page.js';

export function Plans({ id }: { readonly id: string | undefined }): JSX.Element {
  if (id !== undefined) return <PlanPage id={id} />;
  return (
    <>
      <h1>Plans</h1>
      <p class="dim">What a rollback would do. Each can be looked at as it would be now, and started by hand.</p>
      <PlanList target={undefined} />
      <DrillList />
    </>
  );
}
