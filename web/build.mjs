// Bundles the browser's part into one folder: `node build.mjs DIST`.
//
// Every file is named by its content, so that a browser may keep it for ever, and lies beside its compressed copies.
// `manifest.tsv` lists what was made, a line each: logical name, file name, media type, hash of the content.

import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const HERE = dirname(fileURLToPath(import.meta.url));

// What a browser of the last three years understands; older ones read the same pages without script.
const TARGET = ["es2022", "chrome111", "firefox113", "safari16.4"];

const MEDIA_TYPES = new Map([
    [".js", "text/javascript; charset=utf-8"],
    [".css", "text/css; charset=utf-8"],
]);

/**
 * Turbo writes a style element into every page for its progress bar, which our content security policy forbids; the
 * bar's look stands in `src/styles/base.css` instead. A Turbo that has changed here stops the build.
 */
const withoutInlineStyle = {
    name: "without-inline-style",
    setup(bundler) {
        bundler.onLoad({ filter: /@hotwired[\\/]turbo[\\/]dist[\\/].*\.js$/ }, async ({ path }) => {
            const parts = (await readFile(path, "utf8")).split("    this.installStylesheetElement();\n");
            if (parts.length !== 2) throw new Error("Turbo installs its style element in another way than it did");
            return { contents: parts.join(""), loader: "js" };
        });
    },
};

/** Bundles everything into `dist` and returns the manifest's rows. */
export async function bundle(dist) {
    await rm(dist, { recursive: true, force: true });
    await mkdir(dist, { recursive: true });
    const result = await build({
        absWorkingDir: HERE,
        entryPoints: [
            { in: "src/site.ts", out: "site" },
            { in: "src/styles/site.css", out: "site" },
            { in: "src/desk.ts", out: "desk" },
            { in: "src/styles/desk.css", out: "desk" },
            { in: "src/desk/editor/index.ts", out: "editor" },
            { in: "src/styles/editor.css", out: "editor" },
        ],
        outdir: dist,
        bundle: true,
        splitting: true,
        format: "esm",
        minify: true,
        legalComments: "eof",
        charset: "utf8",
        target: TARGET,
        entryNames: "[name]-[hash]",
        chunkNames: "[name]-[hash]",
        plugins: [withoutInlineStyle],
        metafile: true,
        logLevel: "warning",
    });
    const files = Object.keys(result.metafile.outputs).map((path) => basename(path));
    const rows = await Promise.all(files.map((file) => finish(dist, file)));
    rows.sort((a, b) => (a.name < b.name ? -1 : 1));
    await writeFile(join(dist, "manifest.tsv"), rows.map((r) => [r.name, r.file, r.mediaType, r.hash].join("\t") + "\n").join(""));
    return rows;
}

/** Puts the compressed copies beside a file and says what it is. */
async function finish(dist, file) {
    const bytes = await readFile(join(dist, file));
    const gzip = gzipSync(bytes, { level: 9 });
    const brotli = brotliCompressSync(bytes, {
        params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
    });
    await writeFile(join(dist, `${file}.gz`), gzip);
    await writeFile(join(dist, `${file}.br`), brotli);
    return {
        name: logicalName(file),
        file,
        mediaType: MEDIA_TYPES.get(file.slice(file.lastIndexOf("."))),
        hash: createHash("sha256").update(bytes).digest("hex").slice(0, 24),
        bytes: bytes.length,
        gzip: gzip.length,
        brotli: brotli.length,
    };
}

/** `site-ABCDEFGH.js` is known as `site.js`. */
function logicalName(file) {
    return file.replace(/-[A-Z0-9]{8}(?=\.[a-z]+$)/, "");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    const dist = process.argv[2];
    if (!dist) {
        console.error("say where to: node build.mjs DIST");
        process.exit(2);
    }
    await bundle(dist);
}
