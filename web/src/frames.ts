/**
 * One render for all that came since the last one. A hundred messages in one frame of the screen are one render; and
 * renders cannot overtake one another, because there is only this one place where they begin.
 */

export class Frames {
  private waiting = false;

  constructor(
    private readonly render: () => void,
    private readonly isHidden: () => boolean,
    private readonly nextFrame: (call: () => void) => void = (call) => requestAnimationFrame(call),
    private readonly soon: (call: () => void) => void = (call) => setTimeout(call, HIDDEN_MS),
  ) {}

  /** Something changed. */
  ask(): void {
    if (this.waiting) return;
    this.waiting = true;
    // A hidden page gets no frames, but its title still counts.
    if (this.isHidden()) this.soon(() => this.flush());
    else this.nextFrame(() => this.flush());
  }

  /** Render now, where somebody waits for what they did themselves. */
  flush(): void {
    if (!this.waiting) return;
    this.waiting = false;
    this.render();
  }
}

const HIDDEN_MS = 250;
