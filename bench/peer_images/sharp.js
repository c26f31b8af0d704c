// Encodes images anew with sharp, in their own format: a JSON object in and one out, each a line.
"use strict";

const readline = require("node:readline");
const sharp = require("sharp");

sharp.concurrency(1);
sharp.cache(false);

const formats = {
  jpeg: (image) => image.jpeg({ quality: 85, mozjpeg: true }),
  png: (image) => image.png({ compressionLevel: 9, adaptiveFiltering: true }),
  gif: (image) => image.gif({ effort: 10 }),
  tiff: (image) => image.tiff({ compression: "deflate", predictor: "horizontal" }),
};

async function answer(line) {
  const { source, target, format } = JSON.parse(line);
  const before = process.cpuUsage();
  try {
    if (!formats[format]) throw new Error(`sharp writes no ${format}`);
    const image = sharp(source, { animated: format === "gif" }).keepMetadata();
    await formats[format](image).toFile(target);
  } catch (error) {
    return { error: String(error.message) };
  }
  const spent = process.cpuUsage(before);
  return { seconds: (spent.user + spent.system) / 1e6 };
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await answer(line)));
  }
})();
