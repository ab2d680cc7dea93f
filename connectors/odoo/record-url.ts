/**
 * The address of a record in Odoo's web client. Up to 17 this is its only form; from 18 on the web client takes it too, and
 * turns it into `/odoo/MODEL/ID` (addons/web/static/src/core/browser/router.js, "url-retrocompatibility").
 */
export function recordUrl(server: string, model: string, id: string): string {
  const url = new URL(server);
  url.pathname = `${url.pathname.replace(/\/$/u, '')}/web`;
  url.search = '';
  url.hash = new URLSearchParams({ id, model, view_type: 'form' }).toString();
  return url.href;
}
