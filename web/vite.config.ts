/**
 * Builds the page into the Python package: hashed names, each file also as gzip and brotli, made here once and not at
 * each request; a service worker that knows the names of what was built.
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const TARGET = "../src/teahouse/static";
const COMPRESSED = /\.(js|css|html|svg|webmanifest)$/;

export default defineConfig({
  build: {
    outDir: TARGET,
    emptyOutDir: true,
    target: ["chrome123", "firefox128", "safari18"],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // a data: URL would need a wider content security policy
    reportCompressedSize: false,
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [serviceWorker(), compressed()],
  server: {
    proxy: {
      "/ws": { target: "http://127.0.0.1:7256", ws: true, changeOrigin: false },
      "/qr": "http://127.0.0.1:7256",
    },
  },
});

/** `sw.js`: the shell's names are put in where it asks for them. */
function serviceWorker(): Plugin {
  return {
    name: "service-worker",
    apply: "build",
    generateBundle(_, bundle) {
      const assets = Object.keys(bundle)
        .filter((name) => /\.(js|css)$/.test(name))
        .map((name) => `/${name}`)
        .sort();
      const shell = ["/", ...assets, "/icon.svg", "/manifest.webmanifest"];
      const source = readFileSync(join(import.meta.dirname, "src", "sw.js"), "utf-8");
      this.emitFile({ type: "asset", fileName: "sw.js", source: source.replace('["SHELL"]', JSON.stringify(shell)) });
    },
  };
}

/** Beside each text file of the build, the same as .gz and .br. */
function compressed(): Plugin {
  return {
    name: "compressed",
    apply: "build",
    closeBundle() {
      const folder = join(import.meta.dirname, TARGET);
      for (const name of readdirSync(folder, { recursive: true, encoding: "utf-8" })) {
        if (!COMPRESSED.test(name)) continue;
        const bytes = readFileSync(join(folder, name));
        const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
        writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes, { params }));
        writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }));
      }
    },
  };
}
