// The Worker of the engine: worker.js?session=ID&backend=auto&hub=ADDRESS. It loads engine.wasm, reports its progress on the session's
// channel, and starts it.
"use strict";

const channel = new BroadcastChannel("attnlab:" + new URL(self.location.href).searchParams.get("session"));
globalThis.channel = channel; // the engine takes it over

// Files that a page hands to the engine, by the id of the choice. They travel as handles: nothing of them is read here.
const picks = new Map();
const pick = (id) => {
	if (!picks.has(id)) {
		const one = {};
		one.files = new Promise((done) => { one.done = done; });
		picks.set(id, one);
	}
	return picks.get(id);
};
new BroadcastChannel("attnlab:files:" + new URL(self.location.href).searchParams.get("session")).onmessage =
	({ data }) => pick(data.id).done(data.files);
globalThis.picked = (id) => pick(id).files; // the engine asks for them by this

const send = (kind, body) => channel.postMessage(JSON.stringify({ kind, body }));
const status = (done, total) => send("Status", { stage: "loading the engine", done, total, busy: true });
const failure = (text) => {
	channel.onmessage = null;
	send("Failure", { command: "Open", text });
	send("Status", { stage: "stopped", done: 0, total: 0, busy: false, text });
};

// Messages that arrive before the engine listens wait here.
const early = [];
channel.onmessage = (event) => early.push(event.data);

// counted returns the response as WebAssembly and reports its bytes as they arrive.
const counted = (response) => {
	if (!response.ok) {
		throw new Error(`the server answered ${response.status}`);
	}
	const total = Number(new URL(self.location.href).searchParams.get("bytes")); // a compressed answer does not say how long it is
	let done = 0;
	let reported = 0; // when
	const count = new TransformStream({
		transform(chunk, out) {
			done += chunk.byteLength;
			const now = performance.now();
			if (now - reported > 50 || done === total) {
				reported = now;
				status(done, total);
			}
			out.enqueue(chunk);
		},
	});
	return new Response(response.body.pipeThrough(count), { headers: { "Content-Type": "application/wasm" } });
};

const start = async () => {
	status(0, 0);
	importScripts("wasm_exec.js");
	const go = new Go();
	// Package gpu/simd imports its vector loops before they exist: it makes them itself, on the program's memory.
	globalThis.simd = { functions: {} };
	go.importObject.simd = new Proxy({}, { get: (_, name) => (...args) => simd.functions[name](...args) });
	const response = fetch("engine.wasm").then(counted);
	const { instance } = await WebAssembly.instantiateStreaming(response, go.importObject);
	globalThis.wasm = { instance }; // the WebGPU binding reads Go's memory through it
	const ended = go.run(instance); // returns when the engine first waits, and the engine listens by then
	for (const data of early) {
		channel.onmessage({ data });
	}
	await ended;
	throw new Error("its program ended");
};

start().catch((error) => {
	console.error(error);
	failure(`The engine stopped (${error.message}). Reload the page.`);
});
