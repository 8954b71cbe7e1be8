/** Whether somebody of this role may answer; who is named under `people` may, where nothing says their role. */
export function mayApprove(role: string | undefined): boolean {
  return role === undefined || role === 'approver' || role === 'admin';
}
