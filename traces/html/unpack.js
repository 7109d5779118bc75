'use strict';
// A packed timeline (traces/pack.h says how) as typed arrays, one value per row.

const CLUSTER = 0, CHIPLET = 1, LINK = 2, DRAM = 3;

function bytesOf(base64) {
	const text = atob(base64), bytes = new Uint8Array(text.length);
	for (let i = 0; i < text.length; i++)
		bytes[i] = text.charCodeAt(i);
	return bytes;
}

async function inflate(bytes) {
	const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
	return new Uint8Array(await new Response(stream).arrayBuffer());
}

// `count` varints from `at` on into `into`; signed ones are zigzag.
function readNumbers(bytes, at, count, into, signed) {
	for (let i = 0; i < count; i++) {
		let value = 0, scale = 1, byte;
		do {
			byte = bytes[at++];
			value += (byte & 127) * scale;
			scale *= 128;
		} while (byte > 127);
		into[i] = !signed ? value : value % 2 ? -(value + 1) / 2 : value / 2;
	}
	return into;
}

function sumUp(values) {
	for (let i = 1; i < values.length; i++)
		values[i] += values[i - 1];
	return values;
}

async function unpack(name, base64, report) {
	const bytes = await inflate(bytesOf(base64));
	const length = bytes[0] + bytes[1] * 256 + bytes[2] * 65536 + bytes[3] * 16777216;
	const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
	const rows = head.tracks.reduce((sum, track) => sum + track[3], 0);
	const places = [];
	let at = 4 + length;
	for (const size of head.columns) {
		places.push(at);
		at += size;
	}
	const plain = (column, array) => readNumbers(bytes, places[column], rows, array, false);
	const summed = (column, array, count) =>
		sumUp(readNumbers(bytes, places[column], count ?? rows, array, true));
	const run = {
		name, report, title: head.title, end_ns: head.end_ns, nodes: head.nodes,
		kinds: head.kinds, firstBubble: head.first_bubble, rows, tracks: [],
		kind: plain(0, new Uint8Array(rows)), node: summed(1, new Int32Array(rows)),
		microbatch: summed(2, new Int32Array(rows)), tile: summed(3, new Int32Array(rows)),
		segment: summed(4, new Int32Array(rows)), cluster: summed(5, new Int32Array(rows)),
		extrapolated: summed(6, new Int32Array(rows)),
		amount: plain(9, new Float64Array(rows)),
	};
	readTimes(run, head, bytes, places);
	readArrows(run, bytes, places, head.columns);
	return run;
}

function readTimes(run, head, bytes, places) {
	const start = readNumbers(bytes, places[7], run.rows, new Float64Array(run.rows), true);
	const end = readNumbers(bytes, places[8], run.rows, new Float64Array(run.rows), false);
	let row = 0;
	for (const [kind, name, label, count] of head.tracks) {
		let now = 0;
		run.tracks.push({ kind, name, label, first: row, end: row + count });
		for (const last = row + count; row < last; row++) {
			start[row] = (start[row] + now * 1000) / 1000;
			end[row] = start[row] + end[row] / 1000;
			now = Math.round(end[row] * 1000) / 1000;
			run.amount[row] = run.kind[row] < run.firstBubble
				? run.amount[row] / 1000 : end[row] - start[row];
		}
	}
	run.start = start;
	run.end = end;
}

// Arrows as two lists by row: what made what a row read, and who reads what it made.
function readArrows(run, bytes, places, sizes) {
	let count = 0;
	for (let i = 0; i < sizes[10]; i++)
		count += bytes[places[10] + i] < 128;
	const from = sumUp(readNumbers(bytes, places[10], count, new Int32Array(count), true));
	const to = sumUp(readNumbers(bytes, places[11], count, new Int32Array(count), true));
	run.inputs = new Map();
	run.readers = new Map();
	for (let i = 0; i < count; i++) {
		if (!run.inputs.has(to[i]))
			run.inputs.set(to[i], []);
		if (!run.readers.has(from[i]))
			run.readers.set(from[i], []);
		run.inputs.get(to[i]).push(from[i]);
		run.readers.get(from[i]).push(to[i]);
	}
}
