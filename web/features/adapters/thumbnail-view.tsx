/** Shows an adapter's picture. Its object URL is revoked when it leaves the page. */
import { useEffect, useState } from "preact/hooks";

export function Thumbnail({ jpeg, label }: { jpeg: Uint8Array; label: string }) {
  const [address, setAddress] = useState<string | undefined>();
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([jpeg as BlobPart], { type: "image/jpeg" }));
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [jpeg]);
  return address ? <img class="adapter-thumbnail" src={address} alt={label} width={96} height={96} /> : null;
}
