/** Gestures on the crop: one finger, or the mouse, moves it; two also resize it, about their middle. */
import { useRef } from "preact/hooks";
import type { Crop } from "./photos";

/** Mean position of the fingers, and the distance of the first two (0 for one finger), in CSS pixels. */
interface Hand {
  x: number;
  y: number;
  spread: number;
}

type Point = Pick<Hand, "x" | "y">;

function handOf(points: readonly Point[]): Hand {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [first, second] = points;
  return {
    x: mean(points.map(({ x }) => x)),
    y: mean(points.map(({ y }) => y)),
    spread: first && second ? Math.hypot(first.x - second.x, first.y - second.y) : 0,
  };
}

/**
 * Handlers for the frame around a picture `width` pixels wide. A gesture begins on the crop's box; further
 * fingers may be anywhere.
 */
export function useCropGesture(crop: Crop, width: number, change: (crop: Crop) => void) {
  const fingers = useRef(new Map<number, Point>());
  const from = useRef({ crop, hand: handOf([]) });
  // When a finger is added or lifted, the gesture begins anew from the current crop, so that nothing jumps.
  // Moves are relative to that beginning, so that rounding never adds up.
  const begin = () => {
    from.current = { crop, hand: handOf([...fingers.current.values()]) };
  };
  return {
    onPointerDown: (event: PointerEvent) => {
      const box = (event.target as Element).closest<HTMLElement>(".crop-box");
      if (!box && fingers.current.size === 0) return;
      // Safari focuses no button at a click, and the box's keys would do nothing.
      box?.focus({ preventScroll: true });
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
      fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      begin();
    },
    onPointerMove: (event: PointerEvent) => {
      if (!fingers.current.has(event.pointerId)) return;
      fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
      const { crop: start, hand } = from.current;
      const now = handOf([...fingers.current.values()]);
      const scale = width / (event.currentTarget as Element).clientWidth;
      const size = hand.spread > 0 ? (start.size * now.spread) / hand.spread : start.size;
      change({
        size,
        left: start.left + (start.size - size) / 2 + (now.x - hand.x) * scale,
        top: start.top + (start.size - size) / 2 + (now.y - hand.y) * scale,
      });
    },
    onLostPointerCapture: (event: PointerEvent) => {
      fingers.current.delete(event.pointerId);
      begin();
    },
  };
}
