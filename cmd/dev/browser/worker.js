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

// The only files are those of a published model that ATTNLAB_REAL_MODEL names. They are read by ranges from the server, synchronously, so that no
// more of them is in memory than the program asks for. The testing package looks for fuzz corpora and takes "not there" for an answer.
fs.constants = { O_WRONLY: 1, O_RDWR: 2, O_CREAT: 64, O_EXCL: 128, O_TRUNC: 512, O_APPEND: 1024, O_DIRECTORY: 65536 };
let model; // its path, if there is one
const opened = new Map(); // by descriptor
const ask = (method, path, range) => {
	const request = new XMLHttpRequest();
	request.open(method, `file?path=${encodeURIComponent(path)}`, false);
	request.responseType = "arraybuffer";
	if (range) {
		request.setRequestHeader("Range", range);
	}
	request.send();
	return request;
};
const look = (path) => {
	const answer = model && path.startsWith(model) && ask("HEAD", path);
	if (!answer || answer.status !== 200) {
		throw Object.assign(new Error(`${path}: no such file`), { code: "ENOENT" });
	}
	const folder = answer.getResponseHeader("X-Folder") !== null;
	const zeros = { dev: 0, ino: 0, uid: 0, gid: 0, rdev: 0, blocks: 0, atimeMs: 0, mtimeMs: 0, ctimeMs: 0 };
	return { ...zeros, nlink: 1, blksize: 4096, mode: folder ? 0o40555 : 0o100444, size: folder ? 0 : Number(answer.getResponseHeader("Content-Length")), isDirectory: () => folder };
};
const answered = (does) => (...args) => {
	try {
		args.at(-1)(null, does(...args));
	} catch (error) {
		args.at(-1)(error);
	}
};
const stat = answered(look);
Object.assign(fs, {
	stat,
	lstat: stat,
	open: answered((path) => {
		const descriptor = 100 + opened.size;
		opened.set(descriptor, { path, at: 0, stat: look(path) });
		return descriptor;
	}),
	fstat: answered((descriptor) => opened.get(descriptor).stat),
	close: answered(() => {}), // descriptors are not used again
	readdir: answered((path) => look(path) && JSON.parse(new TextDecoder().decode(ask("GET", path).response))),
	read: answered((descriptor, buffer, offset, length, position) => {
		const file = opened.get(descriptor);
		const from = position ?? file.at;
		const n = Math.min(length, file.stat.size - from);
		if (n <= 0) {
			return 0;
		}
		const answer = ask("GET", file.path, `bytes=${from}-${from + n - 1}`);
		const bytes = new Uint8Array(answer.response);
		if (answer.status !== 206 || bytes.length !== n) {
			throw Object.assign(new Error(`${file.path}: the server answered ${answer.status} with ${bytes.length} bytes`), { code: "EIO" });
		}
		buffer.set(bytes, offset);
		if (position === null) {
			file.at += n;
		}
		return n;
	}),
});

const run = async () => {
	const task = await (await fetch("task.json")).json();
	const go = new Go();
	// Package gpu/simd imports its vector loops before they exist: it makes them itself, on the program's memory.
	globalThis.simd = { functions: {} };
	go.importObject.simd = new Proxy({}, { get: (_, name) => (...args) => simd.functions[name](...args) });
	go.argv = task.argv;
	go.env = task.env;
	model = task.env.ATTNLAB_REAL_MODEL;
	go.exit = (code) => post("exit", String(code));
	const { instance } = await WebAssembly.instantiateStreaming(fetch("program.wasm"), go.importObject);
	globalThis.wasm = { instance }; // the WebGPU binding reads Go's memory through it
	await go.run(instance);
};
run().catch((error) => post("crash", error.stack || String(error)));
