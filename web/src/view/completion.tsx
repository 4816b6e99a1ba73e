/** The one popup for all completion. It never takes the focus from the field. */

import type { JSX } from "preact";
import type { Choice } from "../complete.ts";
import { t } from "../i18n/index.ts";
import { Avatar } from "./avatar.tsx";

interface Props {
  choices: readonly Choice[];
  chosen: number;
  take(choice: Choice): void;
  choose(index: number): void;
}

const intoView = (item: HTMLElement | null): void => item?.scrollIntoView({ block: "nearest" });

export function Completion({ choices, chosen, take, choose }: Props): JSX.Element {
  return (
    <ul id="completion" class="completion" role="listbox" aria-label={t("completion")}>
      {choices.map((choice, at) => (
        <li
          key={choice.text}
          id={`choice-${at}`}
          role="option"
          aria-selected={at === chosen}
          onMouseMove={() => at !== chosen && choose(at)}
          onMouseDown={(event) => {
            event.preventDefault(); // the field keeps the focus
            take(choice);
          }}
          ref={at === chosen ? intoView : null}
        >
          {choice.person !== undefined && <Avatar person={choice.person} />}
          <bdi class="choice-label">{choice.label}</bdi>
          <span class="choice-hint">{choice.hint}</span>
        </li>
      ))}
    </ul>
  );
}
