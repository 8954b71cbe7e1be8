import type { WebClient } from '@slack/web-api';
import axios from 'axios';
import { BelayError } from '../fault/belay-error.js';
import type { Picture } from './picture.js';

const TIMEOUT_MS = 5_000;
const FILE_NAME = 'breach.png';

/**
 * Puts a picture into a thread, in Slack's three steps: a place for it, its bytes, and where it belongs. Resolves to
 * the id of the file. Needs the scope files:write.
 */
export async function uploadToThread(client: WebClient, picture: Picture, { channel, ts }: { readonly channel: string; readonly ts: string }): Promise<string> {
  const { png, alt } = picture;
  const place: Readonly<Record<string, unknown>> = { ...(await client.apiCall('files.getUploadURLExternal', { filename: FILE_NAME, length: png.length, alt_txt: alt })) };
  const [url, fileId] = [place['upload_url'], place['file_id']];
  if (typeof url !== 'string' || typeof fileId !== 'string') throw new BelayError('conflict', 'Slack named no place for the picture');
  // The address itself is the permission: neither the token nor a redirect goes with it.
  await axios.post(url, png, { headers: { 'content-type': 'application/octet-stream' }, timeout: TIMEOUT_MS, signal: AbortSignal.timeout(TIMEOUT_MS), maxRedirects: 0, responseType: 'text' });
  await client.apiCall('files.completeUploadExternal', { files: [{ id: fileId, title: alt }], channel_id: channel, thread_ts: ts });
  return fileId;
}
