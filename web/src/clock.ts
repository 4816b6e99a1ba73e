/** Time, as something that is handed over: the page uses the browser's, a test its own. */

export interface Clock {
  now(): number;
  after(ms: number, call: () => void): () => void;
}

export const browserClock: Clock = {
  now: () => Date.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
