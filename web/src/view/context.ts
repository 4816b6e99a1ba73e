/** What every view may do, without handing it down through all of them. */

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Deeds } from "../deeds.ts";

export const DeedsContext = createContext<Deeds | null>(null);

export function useDeeds(): Deeds {
  const deeds = useContext(DeedsContext);
  if (deeds === null) throw new Error("a view stands outside of the page");
  return deeds;
}
