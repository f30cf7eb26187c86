// The Jupyter server that a page comes from, and how to speak to it.

export interface PageServer {
  /** Ends with a slash. */
  baseUrl: string;
  token: string;
}

/** Returns this page's Jupyter server, or null where there is none. */
export function pageServer(page: Document = document): PageServer | null {
  const element = page.getElementById("jupyter-config-data");
  if (!element?.textContent) return null;
  try {
    const data = JSON.parse(element.textContent) as Partial<PageServer>;
    return data.baseUrl ? { baseUrl: data.baseUrl, token: data.token ?? "" } : null;
  } catch {
    return null;
  }
}

/** Returns what a request has to say so that the server takes it from this page. */
export function headers(server: PageServer, page: Document = document): Record<string, string> {
  const found: Record<string, string> = { "Content-Type": "application/json" };
  const xsrf = /(?:^|; )_xsrf=([^;]*)/.exec(page.cookie)?.[1];
  if (xsrf) found["X-XSRFToken"] = xsrf;
  if (server.token) found.Authorization = `token ${server.token}`;
  return found;
}

/** Returns the address of the feed's WebSocket. */
export function feedUrl(server: PageServer, page: Document = document): string {
  const url = new URL(`${server.baseUrl}runwatch/api/feed`, page.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (server.token) url.searchParams.set("token", server.token);
  return url.href;
}
