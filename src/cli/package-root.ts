// Where the package lies, from its sources as from its compiled form.
export const PACKAGE_ROOT = new URL(
  import.meta.url.endsWith('.ts') ? '../../' : '../../../',
  import.meta.url,
);
