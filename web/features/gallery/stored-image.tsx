/** Shows a stored picture. When it leaves the page, its object URL is revoked, which frees the memory. */
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../../ui/icon";

interface StoredImageProps {
  id: string;
  read: (id: string) => Promise<Blob | undefined>;
  label: string;
  /** Size of the picture, so that the page doesn't move when it arrives. */
  width: number;
  height: number;
  onBroken?: () => void;
}

export function StoredImage({ id, read, label, width, height, onBroken }: StoredImageProps) {
  const [address, setAddress] = useState<string | undefined>();
  const [broken, setBroken] = useState(false);
  const fail = () => {
    setBroken(true);
    onBroken?.();
  };
  useEffect(() => {
    let here = true;
    let made: string | undefined;
    read(id).then(
      (blob) => {
        if (!here) return;
        if (!blob) return fail();
        made = URL.createObjectURL(blob);
        setAddress(made);
      },
      () => here && fail(),
    );
    return () => {
      here = false;
      if (made) URL.revokeObjectURL(made);
    };
  }, [id]);
  if (broken || !address) {
    return (
      <span
        class="stored-image pending"
        style={{ aspectRatio: `${width} / ${height}` }}
        role="img"
        aria-label={label}
      >
        {broken && <Icon name="warning" />}
      </span>
    );
  }
  return (
    <img
      class="stored-image"
      src={address}
      alt={label}
      width={width}
      height={height}
      decoding="async"
      onError={fail}
    />
  );
}
