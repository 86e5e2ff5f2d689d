//! The script of every page. It makes good pages more comfortable and is never needed: each part looks for its markup and
//! does nothing where it finds none. Invariant: an error in one part leaves the others and the plain page working.

import { busyButtons } from "./busy.mjs";
import { drafts } from "./drafts.mjs";
import { chrome } from "./chrome.mjs";
import { newCases } from "./new-cases.mjs";
import { photos } from "./photos.mjs";
import { position } from "./position.mjs";

document.documentElement.classList.add("js");
for (const part of [chrome, drafts, photos, position, busyButtons, newCases]) {
  try {
    part();
  } catch (error) {
    console.error(part.name, error);
  }
}
