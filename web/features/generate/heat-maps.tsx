/** Tap a word of the prompt to see where in the picture it acted; the overlay can be saved. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { text } from "../../app/text";
import type { HeatMap, Picture } from "../../engine/contract/generation";
import { download } from "../../ui/download";
import { Icon } from "../../ui/icon";
import { toCanvas } from "../../ui/picture-view";
import { heatPicture } from "./heat-map";

const words = text.generate;

interface HeatMapsProps {
  maps: HeatMap[];
  chosen: string | undefined;
  picture: Picture;
  onChoose: (word: string | undefined) => void;
}

export function HeatMaps({ maps, chosen, picture, onChoose }: HeatMapsProps) {
  const map = maps.find(({ word }) => word === chosen);
  return (
    <>
      <fieldset class="chips" aria-label={words.heatTitle}>
        {maps.map(({ word }) => (
          <button
            key={word}
            type="button"
            class="chip"
            aria-pressed={word === chosen}
            onClick={() => onChoose(word === chosen ? undefined : word)}
          >
            {word}
          </button>
        ))}
      </fieldset>
      <p class="hint">{words.heatHint}</p>
      {map && (
        <div class="actions">
          <button type="button" class="button" onClick={() => save(picture, map)}>
            <Icon name="download" />
            {words.heatSave(map.word)}
          </button>
        </div>
      )}
    </>
  );
}

/** Heat map over the picture, stretched smoothly to the picture's size. */
export function HeatOverlay({ map, picture }: { map: HeatMap; picture: Picture }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, picture.width, picture.height);
    paintMap(context, map, picture);
  }, [map, picture]);
  return (
    <canvas
      ref={canvas}
      class="heat-overlay"
      width={picture.width}
      height={picture.height}
      role="img"
      aria-label={words.heatLabel(map.word)}
    />
  );
}

function paintMap(
  context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  map: HeatMap,
  { width, height }: Picture,
): void {
  context.imageSmoothingQuality = "high";
  context.drawImage(toCanvas(heatPicture(map)), 0, 0, width, height);
}

async function save(picture: Picture, map: HeatMap): Promise<void> {
  const canvas = toCanvas(picture);
  const context = canvas.getContext("2d");
  if (!context) return;
  paintMap(context, map, picture);
  download(
    await canvas.convertToBlob({ type: "image/png" }),
    `palpable-${map.word.replace(/[<>]/g, "")}.png`,
  );
}
