/** What stands over the page for a moment: settings, the keys, the way to a room, a new room. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ComponentChildren, JSX } from "preact";
import { t, type Key } from "../i18n/index.ts";
import { titleOf } from "../notify.ts";
import { isDirect } from "../room.ts";
import { DENSITIES, LANGUAGES, THEMES, type Settings } from "../settings.ts";
import { COMMANDS } from "../slash.ts";
import { ui } from "../ui.ts";
import { Avatar } from "./avatar.tsx";
import { useDeeds } from "./context.ts";
import { Icon, IconButton } from "./icons.tsx";
import { roomsInOrder } from "./sidebar.tsx";

export function Dialogs(): JSX.Element | null {
  switch (ui.dialog.value) {
    case "settings":
      return <SettingsDialog />;
    case "keys":
      return <KeysDialog />;
    case "switcher":
      return <Switcher />;
    case "new-room":
      return <NewRoom />;
    case null:
      return null;
  }
}

const close = (): void => void (ui.dialog.value = null);

/** The browser's own dialog: it keeps the focus inside, closes on Escape and gives the focus back. */
function Dialog({ title, name, children }: { title: string; name: string; children: ComponentChildren }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  // Before the screen is drawn: whoever goes on typing types into the dialog.
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const shown = dialog.current!;
    shown.showModal();
    return () => {
      shown.close();
      before?.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={`dialog ${name}`}
      aria-label={title}
      onClose={close}
      onClick={(event) => event.target === dialog.current && close()}
    >
      <div class="dialog-box">
        <header class="panel-head">
          <h2>{title}</h2>
          <IconButton name="close" label={t("close")} onClick={close} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

function SettingsDialog(): JSX.Element {
  const deeds = useDeeds();
  const { me } = ui.state.value;
  const settings = ui.settings.value;
  const [name, setName] = useState(me?.chosen ? me.name : "");
  const [isRefused, refuse] = useState(false);
  const rename = async (event: Event): Promise<void> => {
    event.preventDefault();
    refuse(!(await deeds.rename(name.trim())));
  };
  const desktop = async (wanted: boolean): Promise<void> =>
    deeds.set({ desktop: wanted && (await deeds.app.notifier.permission()) });
  return (
    <Dialog title={t("settings")} name="settings">
      <form class="stack" onSubmit={(event) => void rename(event)}>
        <label for="new-name">{t("your-name")}</label>
        <div class="row">
          <input
            id="new-name"
            value={name}
            maxLength={32}
            dir="auto"
            spellcheck={false}
            aria-invalid={isRefused}
            aria-describedby="name-refusal"
            onInput={(event) => setName(event.currentTarget.value)}
          />
          <button type="submit" class="primary" disabled={name.trim() === "" || name.trim() === me?.name}>
            {t("save")}
          </button>
        </div>
        <p id="name-refusal" class="gate-refusal" role="alert">
          {isRefused ? ui.notice.value?.text : ""}
        </p>
      </form>
      <Choices settings={settings} name="theme" choices={THEMES} />
      <Choices settings={settings} name="density" choices={DENSITIES} />
      <Choices settings={settings} name="language" choices={LANGUAGES} />
      <fieldset class="choices">
        <legend>{t("when-away")}</legend>
        <label class="check">
          <input
            type="checkbox"
            checked={settings.sound}
            onChange={(event) => deeds.set({ sound: event.currentTarget.checked })}
          />
          {t("sound")}
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={settings.desktop}
            onChange={(event) => void desktop(event.currentTarget.checked)}
          />
          {t("desktop")}
        </label>
      </fieldset>
      <div class="row">
        <button type="button" class="secondary" onClick={() => (ui.dialog.value = "keys")}>
          {t("keys")}
        </button>
        <button type="button" class="secondary" onClick={() => deeds.app.quit()}>
          {t("quit")}
        </button>
      </div>
      <p class="quiet">
        Teahouse {ui.state.value.server?.version} · {t("promise")}
      </p>
    </Dialog>
  );
}

type ChoiceName = "theme" | "density" | "language";

function Choices<N extends ChoiceName>({
  settings,
  name,
  choices,
}: {
  settings: Settings;
  name: N;
  choices: readonly Settings[N][];
}): JSX.Element {
  const deeds = useDeeds();
  return (
    <fieldset class="choices segments">
      <legend>{t(name)}</legend>
      <div class="segment-row">
        {choices.map((choice) => (
          <label key={choice} class="segment">
            <input
              type="radio"
              name={name}
              checked={settings[name] === choice}
              onChange={() => deeds.set({ [name]: choice })}
            />
            <span>{t(`${name}-${choice}` as Key)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

const KEYS: readonly (readonly [keys: string, does: Key])[] = [
  ["Ctrl K", "key-go"],
  ["Alt ↑ ↓", "key-rooms"],
  ["Alt Shift ↑ ↓", "key-unread"],
  ["/", "key-composer"],
  ["Enter", "key-send"],
  ["Shift Enter", "key-break"],
  ["↑", "key-edit-last"],
  ["@ # : /", "key-complete"],
  ["↑ ↓ Home End", "key-messages"],
  ["R", "reply"],
  ["E", "edit"],
  ["+", "react"],
  ["C", "copy-link"],
  ["Esc", "key-escape"],
  ["Shift Esc", "key-read"],
  ["?", "key-help"],
];

function KeysDialog(): JSX.Element {
  return (
    <Dialog title={t("keys")} name="keys">
      <dl class="keys">
        {KEYS.map(([keys, does]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t(does)}</dd>
          </div>
        ))}
      </dl>
      <h3>{t("commands")}</h3>
      <dl class="keys">
        {COMMANDS.map(({ word, usage }) => (
          <div key={word}>
            <dt>
              <code>{usage}</code>
            </dt>
            <dd>{t(`slash-${word}` as Key)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

interface Way {
  readonly key: string;
  readonly sign: JSX.Element;
  readonly label: string;
  readonly hint: string;
  go(): void;
}

/** Ctrl K: rooms, people, and messages, by a few letters. */
function Switcher(): JSX.Element {
  const deeds = useDeeds();
  const [wanted, want] = useState("");
  const [chosen, choose] = useState(0);
  const ways = waysTo(wanted.trim(), deeds);
  const go = (way: Way | undefined): void => {
    if (way === undefined) return;
    close();
    way.go();
  };
  const keyed = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") choose((chosen + 1) % ways.length);
    else if (event.key === "ArrowUp") choose((chosen + ways.length - 1) % ways.length);
    else if (event.key === "Enter") go(ways[chosen]);
    else return;
    event.preventDefault();
  };
  // The house may have more rooms than it has told: those are found by their name.
  const query = wanted.trim().slice(0, QUERY_MOST) || undefined;
  useEffect(() => void deeds.app.connection.ask({ type: "rooms", query }), [query]);
  return (
    <Dialog title={t("go-to")} name="switcher">
      <input
        type="text"
        value={wanted}
        placeholder={t("go-to-what")}
        aria-label={t("go-to-what")}
        role="combobox"
        aria-expanded="true"
        aria-controls="ways"
        aria-activedescendant={`way-${chosen}`}
        autoFocus
        autocomplete="off"
        onInput={(event) => {
          want(event.currentTarget.value);
          choose(0);
        }}
        onKeyDown={keyed}
      />
      <ul id="ways" class="ways" role="listbox" aria-label={t("go-to")}>
        {ways.map((way, at) => (
          <li
            key={way.key}
            id={`way-${at}`}
            role="option"
            aria-selected={at === chosen}
            onMouseMove={() => at !== chosen && choose(at)}
            onClick={() => go(way)}
          >
            {way.sign}
            <bdi class="choice-label">{way.label}</bdi>
            <span class="choice-hint">{way.hint}</span>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

const WAYS_MOST = 12;
const QUERY_MOST = 100;

function waysTo(wanted: string, deeds: ReturnType<typeof useDeeds>): Way[] {
  const { rooms, me } = ui.state.value;
  const { ours, directs, others } = roomsInOrder(rooms);
  const low = wanted.toLowerCase();
  const fits = (name: string): boolean => name.toLowerCase().includes(low);
  const ways: Way[] = [...ours, ...directs, ...others]
    .filter((room) => fits(titleOf(room.name, room)))
    .map((room) => ({
      key: room.name,
      sign: isDirect(room.name) && room.other !== null ? <Avatar person={room.other} /> : <Icon name="hash" />,
      label: titleOf(room.name, room),
      hint: room.unread > 0 && room.seated ? t("unread", { n: room.unread }) : room.topic,
      go: () => void deeds.app.open(room.name),
    }));
  const people =
    wanted === ""
      ? []
      : [...(rooms.get(ui.room.value)?.members.values() ?? [])].filter(
          (person) => person.id !== me?.id && fits(person.name),
        );
  ways.push(
    ...people.map((person) => ({
      key: `p${person.id}`,
      sign: <Avatar person={person} />,
      label: person.name,
      hint: t("write"),
      go: () => void deeds.direct(person.id),
    })),
  );
  const shown = ways.slice(0, WAYS_MOST);
  if (wanted === "") return shown;
  shown.push({
    key: "search",
    sign: <Icon name="search" />,
    label: wanted,
    hint: t("search-messages"),
    go: () => searchFor(wanted, deeds),
  });
  if (!rooms.has(low))
    shown.push({
      key: "new",
      sign: <Icon name="plus" />,
      label: wanted,
      hint: t("new-room"),
      go: () => void deeds.join(wanted),
    });
  return shown;
}

function searchFor(wanted: string, deeds: ReturnType<typeof useDeeds>): void {
  ui.panel.value = "search";
  void deeds.search(wanted, true);
}

function NewRoom(): JSX.Element {
  const deeds = useDeeds();
  const [name, setName] = useState("");
  const [refusal, refuse] = useState("");
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (await deeds.join(name)) close();
    else refuse(ui.notice.value?.text ?? "");
  };
  return (
    <Dialog title={t("new-room")} name="new-room">
      <form class="stack" onSubmit={(event) => void make(event)}>
        <label for="room-name">{t("room-name")}</label>
        <input
          id="room-name"
          value={name}
          maxLength={50}
          dir="auto"
          autoFocus
          autocapitalize="off"
          spellcheck={false}
          aria-describedby="room-refusal"
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <p id="room-refusal" class="gate-refusal" role="alert">
          {refusal}
        </p>
        <button type="submit" class="primary" disabled={name.trim() === ""}>
          {t("join")}
        </button>
        <p class="quiet">{t("new-room-more")}</p>
      </form>
    </Dialog>
  );
}
