import { frameUrl } from "virtual:mug-frame";
console.info(frameUrl);
