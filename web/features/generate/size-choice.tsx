/** The shape of the picture by one tap, or both sides by number. */
import { text } from "../../app/text";
import { SelectField } from "../../ui/field";
import { Icon } from "../../ui/icon";
import {
  ASPECTS,
  type Aspect,
  aspectNow,
  isFarFromUsual,
  SIDES,
  setAspect,
  setSize,
  size,
  usualSide,
} from "./size";

const words = text.generate.size;

export function SizeChoice() {
  const { width, height } = size.value;
  return (
    <fieldset class="size-choice">
      <legend>{words.title}</legend>
      <div class="aspects">
        {(Object.keys(ASPECTS) as Aspect[]).map((aspect) => (
          <AspectButton key={aspect} aspect={aspect} />
        ))}
      </div>
      <div class="sides">
        <SelectField
          label={words.width}
          options={sidesWith(width)}
          value={width}
          onValue={(value) => setSize({ width: value, height })}
        />
        <button
          type="button"
          class="icon-button"
          aria-label={words.swap}
          title={words.swap}
          onClick={() => setSize({ width: height, height: width })}
        >
          <Icon name="swap" />
        </button>
        <SelectField
          label={words.height}
          options={sidesWith(height)}
          value={height}
          onValue={(value) => setSize({ width, height: value })}
        />
      </div>
      {isFarFromUsual.value && <p class="hint">{words.far(usualSide.value)}</p>}
    </fieldset>
  );
}

function AspectButton({ aspect }: { aspect: Aspect }) {
  return (
    <button
      type="button"
      class="aspect"
      aria-pressed={aspectNow.value === aspect}
      onClick={() => setAspect(aspect)}
    >
      <span class="aspect-shape" aria-hidden="true" style={shapeOf(ASPECTS[aspect])} />
      {words.aspects[aspect]}
    </button>
  );
}

/** Style of a shape's outline; all shapes have the same area. */
const shapeOf = (ratio: number) => ({ width: `${1.5 * Math.sqrt(ratio)}rem`, aspectRatio: ratio });

/** Sides to choose from, with `side` added: a model's own side may not be among them. */
const sidesWith = (side: number) =>
  [...new Set([...SIDES, side])].sort((one, other) => one - other).map((side) => [side, `${side}`] as const);
