"use strict";
importScripts("wasm_exec.js");

// A synchronous request keeps the order of the output, and brings it out even when Go never returns to the event loop.
const post = (path, body) => {
	const request = new XMLHttpRequest();
	request.open("POST", path, false);
	request.send(body);
};

fs.writeSync = (fd, bytes) => {
	post(`write?fd=${fd}`, bytes.slice());
	return bytes.length;
};
process.cwd = () => "/";

// An empty file system: the testing package looks for fuzz corpora and takes "not there" for an answer.
fs.constants = { O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_EXCL: 128, O_TRUNC: 512, O_APPEND: 1024, O_DIRECTORY: 65536 };
const notThere = (path, ...rest) => rest.at(-1)(Object.assign(new Error(`${path}: no such file`), { code: "ENOENT" }));
Object.assign(fs, { open: notThere, stat: notThere, lstat: notThere, readdir: notThere });

const run = async () => {
	const task = await (await fetch("task.json")).json();
	const go = new Go();
	// Package gpu/simd imports its vector loops before they exist: it makes them itself, on the program's memory.
	globalThis.simd = { functions: {} };
	go.importObject.simd = new Proxy({}, { get: (_, name) => (...args) => simd.functions[name](...args) });
	go.argv = task.argv;
	go.env = task.env;
	go.exit = (code) => post("exit", String(code));
	const { instance } = await WebAssembly.instantiateStreaming(fetch("program.wasm"), go.importObject);
	globalThis.wasm = { instance }; // the WebGPU binding reads Go's memory through it
	await go.run(instance);
};
run().catch((error) => post("crash", error.stack || String(error)));
