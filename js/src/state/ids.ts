/** Returns an id that no other has. */
export function newId(): string {
  // randomUUID is missing where a page comes over plain http from another host.
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
