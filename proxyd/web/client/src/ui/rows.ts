/** The rows of a long list that can be seen, so that no more than these are in the page. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

export const ROW = 28;
const MORE = 8;

export function useRows(count: number) {
  const element = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(600);
  useEffect(() => {
    const observed = element.current as HTMLDivElement;
    const observer = new ResizeObserver(() => (height.value = observed.clientHeight));
    observer.observe(observed);
    return () => observer.disconnect();
  }, []);
  const first = Math.max(0, Math.min(count, Math.floor(top.value / ROW)) - MORE);
  const last = Math.min(count, Math.ceil((top.value + height.value) / ROW) + MORE);
  const onScroll = (event: Event): void => {
    top.value = (event.currentTarget as HTMLElement).scrollTop;
  };
  return { element, onScroll, first, last };
}
