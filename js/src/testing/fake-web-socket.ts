// A WebSocket whose other side a test plays.

export class FakeWebSocket {
  static readonly OPEN = 1;
  /** All that were made, the newest last. */
  static made: FakeWebSocket[] = [];
  readyState = 0;
  binaryType = "";
  readonly sent: string[] = [];
  onopen?: () => void;
  onclose?: () => void;
  onmessage?: (event: { data: unknown }) => void;

  constructor(readonly url: string) {
    FakeWebSocket.made.push(this);
  }

  get closed(): boolean {
    return this.readyState === 3;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.readyState = 3;
  }

  opens(): void {
    this.readyState = FakeWebSocket.OPEN;
    this.onopen?.();
  }

  breaks(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}
