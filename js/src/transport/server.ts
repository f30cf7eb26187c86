// The second carrier: the Jupyter server, which answers while the kernel is busy or gone.

import type { Ack, Refusal } from "../messages";
import type { CommandRoute } from "./transport";

interface PageConfig {
  baseUrl: string;
  token: string;
}

/** Returns the way to this page's Jupyter server, or null where there is none. */
export function serverRoute(page: Document = document): CommandRoute | null {
  const config = pageConfig(page);
  if (!config) return null;
  return async (workspaceId, command, signal) => {
    const response = await fetch(`${config.baseUrl}runwatch/api/commands`, {
      method: "POST",
      credentials: "same-origin",
      headers: headers(config, page),
      body: JSON.stringify({ workspace_id: workspaceId, command }),
      signal,
    });
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    return (await response.json()) as Ack | Refusal;
  };
}

function pageConfig(page: Document): PageConfig | null {
  const element = page.getElementById("jupyter-config-data");
  if (!element?.textContent) return null;
  try {
    const data = JSON.parse(element.textContent) as Partial<PageConfig>;
    return data.baseUrl ? { baseUrl: data.baseUrl, token: data.token ?? "" } : null;
  } catch {
    return null;
  }
}

function headers(config: PageConfig, page: Document): Record<string, string> {
  const found: Record<string, string> = { "Content-Type": "application/json" };
  const xsrf = /(?:^|; )_xsrf=([^;]*)/.exec(page.cookie)?.[1];
  if (xsrf) found["X-XSRFToken"] = xsrf;
  if (config.token) found.Authorization = `token ${config.token}`;
  return found;
}
