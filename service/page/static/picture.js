// Pictures as the camera wrote them. Browsers turn those whose EXIF data ask for it, and cannot be told not to; the
// intrinsics, and the server, are about the pixels as they are.

const [START, EXIF, FIRST_SCAN] = [0xffd8, 0xffe1, 0xffda];

export async function openPicture(blob) {
  return createImageBitmap(new Blob([withoutExif(await blob.arrayBuffer())]));
}

// Takes the name off the EXIF data of a JPEG, so that nobody finds them; anything else stays as it is.
function withoutExif(buffer) {
  const bytes = new DataView(buffer);
  if (buffer.byteLength < 4 || bytes.getUint16(0) !== START) return buffer;
  for (let at = 2; at + 10 <= buffer.byteLength; at += 2 + bytes.getUint16(at + 2)) {
    const marker = bytes.getUint16(at);
    if (marker === EXIF) bytes.setUint32(at + 4, 0);
    if (marker < 0xff00 || marker === FIRST_SCAN) break;
  }
  return buffer;
}
