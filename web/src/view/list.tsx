/**
 * The list of a room: which rows are in the document, where it is scrolled to, what the keyboard points at.
 *
 *     rows change ─▶ getSnapshotBeforeUpdate: near the end? what is on screen?
 *                 ─▶ the new rows are in the document
 *                 ─▶ componentDidUpdate: to the end, or everything stays where it was
 *
 * The list is `role="log"` but no live region: rows come and go as one scrolls, and a screen reader would say them all.
 * What is new is said once by the announcer (announcer.tsx).
 */

import { Component, createRef } from "preact";
import type { JSX } from "preact";
import { t } from "../i18n/index.ts";
import type { Person } from "../protocol.ts";
import type { Row } from "../rows.ts";
import type { Landing } from "../ui.ts";
import * as windows from "../window.ts";
import { MessageView } from "./message.tsx";
import { ChangeView, DayView, HoleView, NewView, NoiseView, StartView } from "./marks.tsx";
import { anchorOf, goToEnd, isNearEnd, restore, type Anchor } from "./scrolling.ts";

interface Props {
  room: string;
  rows: readonly Row[];
  me: Person | null;
  unread: number;
  landing: Landing | null;
  onLanded(): void;
  onEnd(atEnd: boolean, firstSeen: number | null): void;
  onHole(from: number, to: number, seenFrom: "above" | "below"): void;
  onKey(event: KeyboardEvent, row: Row): void;
}

interface Snapshot {
  readonly follow: boolean;
  readonly anchor: Anchor;
}

const NEAR_EDGE_PX = 800; // of the rows in the document: time to put more there
const HOLE_PX = 200;
const HOVER_MS = 150;
const LIT_MS = 2_500;
const LAND_AT = 0.3; // of the height: what was landed on has some context above

export class MessageList extends Component<Props, { active: string | null; lit: number | null }> {
  override state = { active: null, lit: null as number | null };
  private readonly scroller = createRef<HTMLDivElement>();
  private readonly inner = createRef<HTMLDivElement>();
  private readonly isTouch = matchMedia("(pointer: coarse)");
  private readonly resized = new ResizeObserver(() => this.resize());
  private run: windows.Run = { start: 0, end: 0 };
  private shown: readonly Row[] = [];
  private follow = true;
  private anchor: Anchor = [];
  /** The first row was out of sight since the list was landed on: holes may load by themselves. */
  private isArmed = false;
  private hover: ReturnType<typeof setTimeout> | undefined;
  private landed: Landing | null = null;
  private moving: -1 | 0 | 1 = 0;

  // ---- rendering

  override render(
    { rows, me, unread }: Props,
    { active, lit }: { active: string | null; lit: number | null },
  ): JSX.Element {
    this.run = this.nextRun();
    this.shown = rows.slice(this.run.start, this.run.end);
    const behind = !this.follow && unread > 0;
    return (
      <div class="list-frame">
        <div
          ref={this.scroller}
          class="list"
          role="log"
          aria-live="off"
          aria-label={t("messages")}
          tabIndex={0}
          onScroll={this.scrolled}
          onKeyDown={this.keyed}
          onMouseOver={this.pointed}
          onMouseLeave={() => this.activate(null)}
          onFocusIn={this.focused}
          onClick={this.clicked}
        >
          <div ref={this.inner} class="rows">
            {this.shown.map((row) => this.one(row, me, active, lit))}
          </div>
        </div>
        {(behind || this.isFar()) && (
          <button type="button" class={`to-end ${behind ? "has-new" : ""}`} onClick={() => this.toEnd()}>
            {behind ? t("new-below", { n: unread }) : t("to-end")} <span aria-hidden="true">↓</span>
          </button>
        )}
      </div>
    );
  }

  private one(row: Row, me: Person | null, active: string | null, lit: number | null): JSX.Element {
    switch (row.kind) {
      case "message": {
        const isMine = row.message.author.id === me?.id;
        return (
          <MessageView
            key={row.key}
            row={row}
            isMine={isMine}
            isActive={row.key === active}
            isLit={row.message.seq === lit}
          />
        );
      }
      case "day":
        return <DayView key={row.key} time={row.time} />;
      case "new":
        return <NewView key={row.key} />;
      case "hole":
        return <HoleView key={row.key} row={row} load={(from) => this.props.onHole(row.from, row.to, from)} />;
      case "noise":
        return <NoiseView key={row.key} moves={row.moves} />;
      case "change":
        return <ChangeView key={row.key} event={row.event} />;
      case "start":
        return <StartView key={row.key} room={this.props.room} />;
    }
  }

  private nextRun(): windows.Run {
    const { rows, landing } = this.props;
    const length = rows.length;
    if (landing !== null && landing !== this.landed && landing.to !== "end") {
      const at = rows.findIndex((row) => isLandedOn(row, landing));
      if (at >= 0) return windows.runAround(at, length);
    }
    if (this.follow || (landing !== null && landing !== this.landed)) return windows.endRun(length);
    const places = new Map(rows.map((row, at) => [row.key, at]));
    const kept = windows.keptRun(
      this.shown.map((row) => row.key),
      (key) => places.get(key),
      length,
    );
    if (kept === null) return windows.endRun(length);
    const run =
      this.moving === 0
        ? kept
        : windows.moved(
            { ...kept, end: Math.min(length, kept.start + (this.run.end - this.run.start)) },
            this.moving,
            length,
          );
    this.moving = 0;
    return run;
  }

  // ---- staying in place

  override getSnapshotBeforeUpdate(): Snapshot {
    return { follow: this.follow, anchor: anchorOf(this.scroller.current!, this.elements()) };
  }

  override componentDidMount(): void {
    this.resized.observe(this.scroller.current!);
    this.resized.observe(this.inner.current!);
    this.settle({ follow: true, anchor: [] });
  }

  override componentDidUpdate(_: Props, __: unknown, snapshot: Snapshot): void {
    this.settle(snapshot);
  }

  override componentWillUnmount(): void {
    this.resized.disconnect();
    clearTimeout(this.hover);
  }

  /** After the rows have changed: land, follow the end, or stay. */
  private settle({ follow, anchor }: Snapshot): void {
    const scroller = this.scroller.current!;
    const { landing } = this.props;
    if (landing !== null && landing !== this.landed) this.land(landing);
    else if (follow) goToEnd(scroller);
    else restore(scroller, this.elements(), anchor);
    this.noted();
  }

  private land(landing: Landing): void {
    const scroller = this.scroller.current!;
    this.landed = landing;
    this.isArmed = false;
    const row = landing.to === "end" ? undefined : this.shown.find((each) => isLandedOn(each, landing));
    const element = row === undefined ? undefined : this.elementOf(row.key);
    if (element === undefined) {
      this.follow = true;
      goToEnd(scroller);
    } else {
      scroller.scrollTop = element.offsetTop - scroller.clientHeight * LAND_AT;
      this.follow = false;
    }
    if (landing.to === "message" && landing.lit && element !== undefined) this.light(landing.seq, element);
    this.props.onLanded();
  }

  private light(seq: number, element: HTMLElement): void {
    element.focus({ preventScroll: true });
    this.setState({ lit: seq });
    setTimeout(() => this.setState({ lit: null }), LIT_MS);
  }

  /** The composer grew, the window changed, a folded text was opened. */
  private resize(): void {
    const scroller = this.scroller.current!;
    if (this.follow) goToEnd(scroller);
    else restore(scroller, this.elements(), this.anchor);
    this.noted();
  }

  toEnd(): void {
    this.follow = true;
    this.setState({}, () => {
      goToEnd(this.scroller.current!);
      this.noted();
    });
  }

  // ---- scrolling

  private readonly scrolled = (): void => {
    this.noted();
    const scroller = this.scroller.current!;
    const above = scroller.scrollTop;
    const below = scroller.scrollHeight - above - scroller.clientHeight;
    if (above < NEAR_EDGE_PX && this.run.start > 0) this.move(-1);
    else if (below < NEAR_EDGE_PX && this.run.end < this.props.rows.length) this.move(1);
    this.lookForHoles();
  };

  private move(direction: -1 | 1): void {
    this.moving = direction;
    this.setState({});
  }

  /** Remember where the list stands now. */
  private noted(): void {
    const scroller = this.scroller.current!;
    const wasFar = this.isFar();
    const isLast = this.run.end === this.props.rows.length;
    const follow = isLast && isNearEnd(scroller, this.isTouch.matches);
    this.anchor = anchorOf(scroller, this.elements());
    this.far = !isLast || scroller.scrollHeight - scroller.scrollTop > 2 * scroller.clientHeight;
    const changed = follow !== this.follow || wasFar !== this.isFar();
    this.follow = follow;
    const first = this.elements()[0];
    this.isArmed ||=
      this.run.start > 0 || (first !== undefined && first.offsetTop + first.offsetHeight <= scroller.scrollTop);
    if (changed) this.setState({});
    // Before it is landed on, a list stands at its end by chance, and nobody has read what is there.
    if (this.landed !== null) this.props.onEnd(follow, this.anchor[0]?.seq ?? null);
  }

  private far = false;

  private isFar(): boolean {
    return this.far && !this.follow;
  }

  /** A hole loads by itself when it comes near the screen, once one has moved about. */
  private lookForHoles(): void {
    if (!this.isArmed) return;
    const scroller = this.scroller.current!;
    const top = scroller.scrollTop;
    for (const [at, row] of this.shown.entries()) {
      if (row.kind !== "hole") continue;
      const element = this.elements()[at];
      if (element === undefined) continue;
      const isNear =
        element.offsetTop + element.offsetHeight > top - HOLE_PX &&
        element.offsetTop < top + scroller.clientHeight + HOLE_PX;
      if (!isNear) continue;
      const isAbove = element.offsetTop < top + scroller.clientHeight / 2;
      this.props.onHole(row.from, row.to, isAbove ? "below" : "above");
    }
  }

  // ---- pointing

  private readonly pointed = (event: MouseEvent): void => {
    if (this.isTouch.matches) return;
    const key = keyAt(event.target);
    clearTimeout(this.hover);
    if (key !== null && key !== this.state.active) this.hover = setTimeout(() => this.activate(key), HOVER_MS);
  };

  private readonly focused = (event: FocusEvent): void => {
    const key = keyAt(event.target);
    if (key !== null && (event.target as HTMLElement).matches(":focus-visible")) this.activate(key);
  };

  private readonly clicked = (event: MouseEvent): void => {
    const more = (event.target as Element).closest<HTMLElement>("[data-more]");
    if (more !== null) this.activate(this.state.active === more.dataset.more ? null : more.dataset.more!);
  };

  private activate(active: string | null): void {
    clearTimeout(this.hover);
    if (active !== this.state.active) this.setState({ active });
  }

  private readonly keyed = (event: KeyboardEvent): void => {
    const messages = this.elements().filter((row) => row.dataset.key !== undefined && row.matches(".message"));
    const focused = document.activeElement?.closest<HTMLElement>(".message");
    const at = focused ? messages.indexOf(focused) : messages.length;
    const inField = (event.target as Element).closest(".actions, .reactions, button, a, pre") !== null;
    const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: messages.length - 1 }[event.key];
    if (next !== undefined && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      const row = messages[Math.max(0, Math.min(next, messages.length - 1))];
      row?.focus({ preventScroll: true });
      row?.scrollIntoView({ block: "nearest" });
      if (row !== undefined) this.activate(row.dataset.key!);
      return;
    }
    const row = this.shown.find((each) => each.key === focused?.dataset.key);
    if (row !== undefined && (!inField || event.key === "Escape")) this.props.onKey(event, row);
  };

  private elements(): HTMLElement[] {
    return [...(this.inner.current?.children ?? [])] as HTMLElement[];
  }

  private elementOf(key: string): HTMLElement | undefined {
    const at = this.shown.findIndex((row) => row.key === key);
    return this.elements()[at];
  }
}

function isLandedOn(row: Row, landing: Landing): boolean {
  if (landing.to === "message") return row.kind === "message" && row.message.seq === landing.seq;
  return landing.to === "line" && row.kind === "new";
}

function keyAt(target: EventTarget | null): string | null {
  return (target as Element | null)?.closest<HTMLElement>(".message")?.dataset.key ?? null;
}
