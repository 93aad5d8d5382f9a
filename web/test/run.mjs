// Bundles the tests, which are TypeScript, into a folder of their own and hands them to Node's test runner.

import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = await mkdtemp(join(tmpdir(), "groundwave-web-"));
try {
    const tests = (await readdir(here)).filter((file) => file.endsWith(".test.ts"));
    await build({
        entryPoints: tests.map((file) => join(here, file)),
        outdir: out,
        outExtension: { ".js": ".mjs" },
        bundle: true,
        format: "esm",
        platform: "node",
        target: "node20",
        logLevel: "warning",
    });
    const run = spawnSync(process.execPath, ["--test", ...tests.map((file) => join(out, file.replace(/\.ts$/, ".mjs")))], { stdio: "inherit" });
    process.exitCode = run.status ?? 1;
} finally {
    await rm(out, { recursive: true, force: true });
}
